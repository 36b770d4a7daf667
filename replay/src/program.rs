//! From checked settings to a run and its exit status.

use std::process::ExitCode;

use ordertally_settings::{cli, logs};

use crate::generate::{self, Plan};
use crate::input::Input;
use crate::intake;
use crate::producer;
use crate::progress::{Progress, Whole};
use crate::run::Run;
use crate::sender::Sender;
use crate::settings::{Command, FileSettings, GenerateSettings, KafkaSettings, Settings};
use crate::stop::Stop;

/// The name under which generated events are told.
const GENERATED: &str = "(generated)";

/// Does what the settings say. Ends the process when they are wrong.
///
/// # Errors
///
/// When the system, or the broker before anything was sent, refuses.
pub fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    if let Err(fault) = settings.check() {
        cli::usage_error(&fault);
    }
    logs::start(&settings.log);
    let status = match settings.command {
        None => replay(&settings.files, &settings.kafka)?,
        Some(Command::Generate(generate)) => match &generate.output {
            Some(output) => generate::file::write(&Plan::new(&generate), output, &Stop::listen()?)?,
            None => send_generated(&generate, &settings.kafka)?,
        },
    };
    Ok(ExitCode::from(status))
}

fn replay(files: &FileSettings, kafka: &KafkaSettings) -> anyhow::Result<u8> {
    let inputs: Vec<Input> = files
        .files
        .iter()
        .map(|file| Input::from_argument(file))
        .collect();
    let mut bytes = Some(0);
    for input in &inputs {
        match input.check() {
            Ok(size) => bytes = bytes.zip(size).map(|(bytes, size)| bytes + size),
            Err(fault) => cli::usage_error(&fault.to_string()),
        }
    }
    let sender = (!files.dry_run).then(|| new_sender(kafka));
    let stop = Stop::listen()?;
    let sender = sender.map(prepared).transpose()?;
    let run = Run {
        inputs: inputs.iter().map(Input::name).collect(),
        sender,
        keep_invalid: files.keep_invalid,
        invalid_expected: false,
        limit: files.limit,
        rate: kafka.rate,
        progress: Progress::start(bytes.map_or(Whole::Unknown, Whole::Bytes)),
        stop,
    };
    let progress = std::sync::Arc::clone(&run.progress.bytes_read);
    let news = intake::read_inputs(inputs, files.dry_run, progress)?;
    Ok(run.execute(news))
}

fn send_generated(settings: &GenerateSettings, kafka: &KafkaSettings) -> anyhow::Result<u8> {
    let plan = Plan::new(settings);
    let sender = Some(new_sender(kafka));
    let stop = Stop::listen()?;
    let sender = sender.map(prepared).transpose()?;
    let run = Run {
        inputs: vec![GENERATED.to_owned()],
        sender,
        keep_invalid: true,
        invalid_expected: true,
        limit: None,
        rate: kafka.rate,
        progress: Progress::start(Whole::Events(plan.events())),
        stop,
    };
    let news = generate::send(plan)?;
    Ok(run.execute(news))
}

/// A sender whose settings the broker's client accepts; ends the process when it does not.
fn new_sender(settings: &KafkaSettings) -> Sender {
    let Some(brokers) = &settings.kafka_brokers else {
        cli::usage_error("no brokers are given: use --kafka-brokers HOST:PORT");
    };
    let config = match producer::configuration(settings, brokers) {
        Ok(config) => config,
        Err(fault) => cli::usage_error(&fault.to_string()),
    };
    let sender = config
        .create_native_config()
        .and_then(|_| Sender::new(settings, brokers, config));
    match sender {
        Ok(sender) => sender,
        Err(fault) => cli::usage_error(&format!("a Kafka option is wrong: {fault}")),
    }
}

/// A sender whose topic the broker has.
fn prepared(mut sender: Sender) -> anyhow::Result<Sender> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if let Some(warning) = sender.prepare(&runtime)? {
        cli::tell(format_args!("warning: {warning}"));
    }
    Ok(sender)
}
