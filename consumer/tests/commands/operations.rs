//! `docs/operations.md` is true: its settings are those of `--help`, its metrics those of
//! `signals`, its commands those of the program.

use std::collections::{BTreeMap, BTreeSet};

use ordertally_testkit::process::Program;

use crate::stage::run;

const PAGE: &str = include_str!("../../../docs/operations.md");
const SIGNALS: &str = include_str!("../../src/signals.rs");

fn help(command: &str) -> String {
    let answer = run(
        &Program::new("ordertally-consumer"),
        &format!("{command} --help"),
    );
    assert_eq!(answer.code, Some(0), "{answer:?}");
    // Long lines are wrapped.
    answer
        .output
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The variables in a help text with their defaults.
fn settings(help: &str) -> BTreeMap<String, String> {
    help.split("[env: ")
        .skip(1)
        .map(|part| {
            let name = part.split(['=', ']']).next().unwrap();
            let own = part.split("[env: ").next().unwrap();
            let default = own
                .split_once("[default: ")
                .and_then(|(_, rest)| rest.split_once(']'))
                .map_or("", |(default, _)| default);
            (name.to_owned(), default.trim_matches('"').to_owned())
        })
        .collect()
}

/// The rows of the page's table of settings: variable and default.
fn documented() -> BTreeMap<String, String> {
    let (_, section) = PAGE.split_once("## Settings").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (cell(cells[1]), cell(cells[3]))
        })
        .collect()
}

#[test]
fn the_table_of_settings_is_that_of_the_program() {
    let mut known = settings(&help("run"));
    for command in [
        "positions show",
        "positions reset",
        "rejects list",
        "facts verify",
    ] {
        known.extend(settings(&help(command)));
    }
    assert_eq!(documented(), known);
}

#[test]
fn every_metric_is_explained_and_no_other() {
    let names = |text: &str| -> BTreeSet<String> {
        text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .filter(|word| word.starts_with("ordertally_") && *word != "ordertally_consumer")
            .filter(|word| !word.starts_with("ordertally_schema"))
            .map(str::to_owned)
            .collect()
    };
    let known = names(SIGNALS);
    assert!(known.len() >= 10, "{known:?}");
    assert_eq!(names(PAGE), known);
}

#[test]
fn every_command_is_explained() {
    for command in ["positions", "rejects", "facts"] {
        let help = run(
            &Program::new("ordertally-consumer"),
            &format!("{command} --help"),
        );
        let listed = help.output.split_once("Commands:").unwrap().1;
        let listed = listed
            .split_once("Options:")
            .map_or(listed, |(before, _)| before);
        for subcommand in listed
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|word| *word != "help")
        {
            let name = format!("{command} {subcommand}");
            assert!(PAGE.contains(&name), "{name} is not explained");
        }
    }
}
