//! The compose file and the Dockerfile against the programs: every command, environment variable,
//! address and file in them is one that exists.
//!
//! No container engine is needed. The programs are those beside this test's own executable, which
//! `cargo build --workspace` puts there.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ordertally_testkit::process::Program;
use serde_json::Value;

#[test]
fn every_command_is_one_that_its_program_takes() {
    let compose = compose();
    for (name, service) in ours(&compose) {
        let mut commands = vec![texts(&service["command"])];
        let check = &dockerfile()[&target(service)].health_check;
        commands.extend(check.as_ref().map(|check| check[1..].to_vec()));
        for arguments in commands {
            let (status, text) = help(&target(service), &arguments);
            assert!(status, "{name}: {arguments:?} is refused: {text}");
        }
    }
}

#[test]
fn every_environment_variable_is_one_that_its_command_reads() {
    let compose = compose();
    for (name, service) in ours(&compose) {
        let image = &dockerfile()[&target(service)];
        let (_, help) = help(&target(service), &texts(&service["command"]));
        let variables = environment(service);
        for variable in variables.keys() {
            assert!(
                reads(&help, variable),
                "{name}: {variable} is read by nobody"
            );
        }
        // The health check asks where the image or the service says that the program listens.
        for variable in image.environment.keys() {
            let (_, check_help) = self::help(&target(service), &["healthcheck".to_owned()]);
            assert!(
                reads(&check_help, variable),
                "{name}: {variable} is read by nobody"
            );
        }
    }
}

#[test]
fn addresses_name_services_that_listen_there() {
    let compose = compose();
    let advertised =
        environment(&compose["services"]["kafka"])["KAFKA_ADVERTISED_LISTENERS"].clone();
    for (name, service) in ours(&compose) {
        let variables = environment(service);
        if let Some(brokers) = variables.get("KAFKA_BROKERS") {
            assert!(
                advertised
                    .split(',')
                    .any(|listener| listener.ends_with(&format!("://{brokers}"))),
                "{name}: {brokers} is not one of {advertised}"
            );
        }
        if let Some(address) = variables.get("DATABASE_URL") {
            let postgres = environment(&compose["services"]["postgres"]);
            let expected = format!(
                "postgres://{}:{}@postgres:5432/{}",
                postgres["POSTGRES_USER"], postgres["POSTGRES_PASSWORD"], postgres["POSTGRES_DB"]
            );
            assert_eq!(address, &expected, "{name}");
            let checked = address.replace("${POSTGRES_PASSWORD:-ordertally}", "ordertally");
            let parsed: Result<ordertally_settings::DatabaseUrl, _> = checked.parse();
            assert!(parsed.is_ok(), "{name}: {parsed:?}");
        }
        for listener in ["HTTP_ADDR", "METRICS_ADDR"] {
            if let Some(address) = variables.get(listener) {
                let port = address.rsplit(':').next().unwrap();
                let published = texts(&service["ports"]);
                assert!(
                    published
                        .iter()
                        .any(|ports| ports.ends_with(&format!(":{port}"))),
                    "{name}: {listener} is not published"
                );
            }
        }
    }
}

#[test]
fn ports_are_published_on_the_loopback_alone() {
    for (name, service) in services(&compose()) {
        for ports in texts(&service["ports"]) {
            assert!(ports.starts_with("127.0.0.1:"), "{name}: {ports}");
        }
    }
}

#[test]
fn services_wait_for_services_that_can_become_so() {
    let compose = compose();
    for (name, service) in services(&compose) {
        for (other, how) in members(&service["depends_on"]) {
            let waited_for = &compose["services"][&other];
            let possible = match how["condition"].as_str() {
                Some("service_healthy") => !waited_for["healthcheck"].is_null(),
                Some("service_completed_successfully") => waited_for["restart"] == "no",
                _ => false,
            };
            assert!(possible, "{name} waits in vain for {other}: {how:?}");
        }
    }
}

#[test]
fn volumes_are_declared_and_used() {
    let compose = compose();
    let mut declared: Vec<String> = members(&compose["volumes"]).into_keys().collect();
    let mut used: Vec<String> = services(&compose)
        .values()
        .flat_map(|service| texts(&service["volumes"]))
        .map(|volume| volume.split(':').next().unwrap().to_owned())
        .collect();
    declared.sort();
    used.sort();
    assert_eq!(used, declared);
}

#[test]
fn the_sample_that_replay_sends_is_in_its_image() {
    let compose = compose();
    for file in texts(&compose["services"]["replay"]["command"]) {
        let source = root().join(file.trim_start_matches('/'));
        assert!(source.is_file(), "{} is not there", source.display());
        assert!(
            file.starts_with("/testdata/orders"),
            "{file} is not copied into the image"
        );
    }
}

#[test]
fn no_image_runs_its_program_as_root() {
    for (target, image) in dockerfile() {
        if image.entrypoint.is_some() {
            let user = image.user.as_deref().unwrap_or("root");
            assert!(
                !user.starts_with("root") && !user.starts_with('0'),
                "{target} runs as {user}"
            );
        }
    }
}

#[test]
fn the_broker_is_of_the_version_and_has_the_settings_that_the_tests_run_with() {
    let compose = compose();
    let kafka = &compose["services"]["kafka"];
    let image = kafka["image"].as_str().unwrap();
    assert_eq!(
        image.rsplit(':').next(),
        Some(ordertally_local::kafka::jars::VERSION)
    );
    assert_eq!(compose["services"]["topic"]["image"], kafka["image"]);
    let variables = environment(kafka);
    for (property, value) in ordertally_local::kafka::RELIED_ON {
        let variable = format!("KAFKA_{}", property.to_uppercase().replace('.', "_"));
        assert_eq!(
            variables.get(&variable).map(String::as_str),
            Some(value),
            "{property}"
        );
    }
}

/// What the Dockerfile says of one target, with what it has from the target that it begins with.
#[derive(Clone, Debug, Default)]
struct Image {
    user: Option<String>,
    environment: BTreeMap<String, String>,
    entrypoint: Option<Vec<String>>,
    health_check: Option<Vec<String>>,
}

fn dockerfile() -> BTreeMap<String, Image> {
    let text = std::fs::read_to_string(root().join("Dockerfile")).unwrap();
    let joined = text.replace("\\\n", " ");
    let mut images: BTreeMap<String, Image> = BTreeMap::new();
    let mut target = String::new();
    for line in joined.lines() {
        let (instruction, rest) = line.split_once(' ').unwrap_or((line, ""));
        let list = || serde_json::from_str(&rest[rest.find('[').unwrap()..]).unwrap();
        if instruction == "FROM" {
            let (base, name) = rest.split_once(" AS ").unwrap();
            target = name.trim().to_owned();
            let inherited = images.get(base.trim()).cloned().unwrap_or_default();
            images.insert(target.clone(), inherited);
        }
        let Some(image) = images.get_mut(&target) else {
            continue;
        };
        match instruction {
            "USER" => image.user = Some(rest.to_owned()),
            "ENTRYPOINT" => image.entrypoint = Some(list()),
            "HEALTHCHECK" => image.health_check = Some(list()),
            "ENV" => {
                let (name, value) = rest.split_once('=').unwrap();
                image.environment.insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    images
}

/// Whether the program of an image takes the arguments, and what it says of them.
fn help(target: &str, arguments: &[String]) -> (bool, String) {
    let image = &dockerfile()[target];
    let entrypoint = image.entrypoint.as_ref().unwrap();
    if let Some(check) = &image.health_check {
        assert_eq!(check[0], entrypoint[0], "the image has one program");
    }
    let program = arguments
        .iter()
        .fold(Program::new(&entrypoint[0]), Program::argument);
    let output = program.argument("--help").command().output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// Whether a help text names the variable as one that a flag is read from.
fn reads(help: &str, variable: &str) -> bool {
    help.contains(&format!("[env: {variable}=")) || help.contains(&format!("[env: {variable}]"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn compose() -> Value {
    let text = std::fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn services(compose: &Value) -> BTreeMap<String, Value> {
    members(&compose["services"])
}

/// The services that run an image of ours.
fn ours(compose: &Value) -> Vec<(String, &Value)> {
    let services = compose["services"].as_object().unwrap();
    let ours: Vec<_> = services
        .iter()
        .filter(|(_, service)| !service["build"].is_null())
        .map(|(name, service)| (name.clone(), service))
        .collect();
    assert!(!ours.is_empty());
    ours
}

fn target(service: &Value) -> String {
    service["build"]["target"].as_str().unwrap().to_owned()
}

fn environment(service: &Value) -> BTreeMap<String, String> {
    members(&service["environment"])
        .into_iter()
        .map(|(name, value)| (name, value.as_str().unwrap().to_owned()))
        .collect()
}

fn members(value: &Value) -> BTreeMap<String, Value> {
    value.as_object().map_or_else(BTreeMap::new, |members| {
        members
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    })
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().map_or_else(Vec::new, |list| {
        list.iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    })
}
