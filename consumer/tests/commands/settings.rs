//! What every command has in common: which database, which topic, and how it ends when they are
//! wrong.

use ordertally_testkit::process::Program;
use ordertally_testkit::servers;

use crate::stage::{Stage, orders, run};

const COMMANDS: [&str; 7] = [
    "positions show",
    "positions reset --to earliest --yes",
    "rejects list",
    "rejects show 1",
    "rejects retry --all",
    "facts verify",
    "facts rebuild",
];

fn one_line(errors: &str) -> &str {
    assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
    errors
}

#[tokio::test]
async fn a_database_that_serves_another_topic_is_refused() {
    let stage = Stage::with(1, &orders(1)).await;
    for command in COMMANDS {
        let said = stage.refused(&format!("{command} --kafka-topic another"), 1);
        let expected = format!("this database serves topic {}", stage.topic);
        assert!(one_line(&said).contains(&expected), "{command}: {said}");
    }
}

#[tokio::test]
async fn a_database_without_tables_names_the_command_that_makes_them() {
    let stage = Stage::empty(1).await;
    for command in COMMANDS {
        let said = stage.refused(command, 1);
        assert!(one_line(&said).contains("migrate"), "{command}: {said}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_said_at_once_without_its_password() {
    let away = format!(
        "postgres://me:s3cret@127.0.0.1:{}/orders",
        servers::free_port()
    );
    let program = Program::new("ordertally-consumer").env("DATABASE_URL", away);
    for command in COMMANDS {
        let answer = run(&program, command);
        assert_eq!(answer.code, Some(1), "{command}: {answer:?}");
        assert!(
            answer.errors.contains("Postgres is out of reach"),
            "{answer:?}"
        );
        assert!(!answer.errors.contains("s3cret"), "{answer:?}");
        one_line(&answer.errors);
    }
}

#[tokio::test]
async fn every_command_explains_itself() {
    let program = Program::new("ordertally-consumer");
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').take(2).collect();
        let answer = run(&program, &format!("{} --help", words.join(" ")));
        assert_eq!(answer.code, Some(0), "{answer:?}");
        for setting in ["DATABASE_URL", "KAFKA_TOPIC", "LOG_LEVEL"] {
            assert!(answer.output.contains(setting), "{command}: {answer:?}");
        }
    }
}
