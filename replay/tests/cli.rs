//! Exit codes, messages and dry runs, by the program itself. Nothing here needs a broker.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{Ended, replay, run, run_with_input, sample};

#[track_caller]
fn assert_usage(ended: &Ended, words: &str) {
    assert_eq!(ended.status, 2, "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains(words), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
}

#[test]
fn each_wrong_setting_is_one_line_and_status_2() {
    let sample = sample("orders.json");
    let sample = sample.to_str().unwrap();
    let cases: [(&[&str], &str); 14] = [
        (&[], "FILE"),
        (&[sample], "KAFKA_BROKERS"),
        (&["--kafka-brokers", "nowhere", sample], "nowhere"),
        (
            &["--kafka-brokers", "h:1", "--kafka-topic", "a b", sample],
            "a b",
        ),
        (&["--kafka-brokers", "h:1", "--rate", "0", sample], "--rate"),
        (
            &["--kafka-brokers", "h:1", "--kafka-config", "acks=0", sample],
            "acks",
        ),
        (
            &[
                "--kafka-brokers",
                "h:1",
                "--kafka-config",
                "no.such=1",
                sample,
            ],
            "no.such",
        ),
        (
            &["--kafka-brokers", "h:1", "--timestamps", "never", sample],
            "never",
        ),
        (&["--dry-run", "no-such-file"], "no-such-file"),
        (&["--dry-run", "/"], "directory"),
        (&["--dry-run", "-", "-"], "twice"),
        (&["--dry-run", "generate", "--orders", "1"], "--dry-run"),
        (
            &["generate", "--orders", "1", "--invalid", "2"],
            "--invalid",
        ),
        (
            &[
                "generate",
                "--orders",
                "1",
                "--start",
                "2999-01-01",
                "--output",
                "-",
            ],
            "future",
        ),
    ];
    for (arguments, words) in cases {
        assert_usage(&run(replay().args(arguments)), words);
    }
    assert_usage(
        &run(replay().env("KAFKA_BROKERS", "x").arg(sample)),
        "KAFKA_BROKERS",
    );
}

#[test]
fn help_lists_each_variable() {
    let help = run(replay().arg("--help"));
    assert_eq!(help.status, 0);
    for variable in [
        "KAFKA_BROKERS",
        "KAFKA_TOPIC",
        "KAFKA_CONFIG",
        "DRY_RUN",
        "RATE",
        "LIMIT",
    ] {
        assert!(
            help.stdout.contains(&format!("[env: {variable}")),
            "{variable}: {help:?}"
        );
    }
}

#[test]
fn a_dry_run_over_good_files_ends_with_0() {
    let names = [
        "orders.json",
        "orders-broken.csv",
        "orders.ndjson.gz",
        "orders-broken.json",
    ];
    let ended = run(replay().arg("--dry-run").args(names.map(sample)));
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.count("valid"), 160);
    assert_eq!(ended.count("repeating an earlier one"), 120);
    assert_eq!(ended.count("rejected"), 0);
}

fn order(id: &str, value: &str) -> String {
    format!(
        r#"{{"event_type":"order.created","event_id":"{id}","event_version":"1.0.0","user_id":1,"email":"a@example.com","shipping_address":{{"province":"Idaho","country":"US"}},"billing_address":"{{}}","currency":"USD","financial_status":"paid","order_value":{value},"buyer_accepts_marketing":true,"line_items":[]}}"#
    )
}

#[test]
fn what_is_wrong_is_named_by_file_line_field_and_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed");
    let lines = [
        order("a", "1.00"),
        order("b", "-1").replace("USD", "usd"),
        r#"{"event_type":"order.paid"}"#.to_owned(),
        "{\"event_type\":".to_owned(),
        order("a", "1"),
        order("a", "2"),
    ];
    fs::write(&path, lines.join("\n")).unwrap();
    let ended = run(replay().arg("--dry-run").arg(&path));
    assert_eq!(ended.status, 1, "{ended:?}");
    let named: Vec<String> = ended
        .stderr
        .lines()
        .map(|line| {
            let line = line.strip_prefix(path.to_str().unwrap()).unwrap();
            line.split(": ").take(3).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert!(
        named.contains(&":2 currency unknown_currency".to_owned()),
        "{named:?}"
    );
    assert!(
        named.contains(&":2 order_value out_of_range".to_owned()),
        "{named:?}"
    );
    assert!(
        named.contains(&":4 (event) not_json".to_owned()),
        "{named:?}"
    );
    assert!(
        named.contains(&":6 event_id conflicting_duplicate".to_owned()),
        "{named:?}"
    );
    assert_eq!(named.len(), 4, "{named:?}");
    for (outcome, count) in [
        ("valid", 3),
        ("repeating an earlier one", 1),
        ("conflicting_duplicate", 1),
        ("ignored", 1),
        ("rejected", 2),
        ("not_json", 1),
        ("out_of_range", 1),
        ("all", 6),
    ] {
        assert_eq!(ended.count(outcome), count, "{outcome}: {ended:?}");
    }
}

#[test]
fn a_file_that_breaks_fails_the_run_and_names_its_line() {
    let text = format!("[\n{},\n{{\"a\":\n]", order("a", "1"));
    let ended = run_with_input(replay().args(["--dry-run", "-"]), text.as_bytes());
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(
        ended.stderr.contains("(standard input):4: not JSON"),
        "{ended:?}"
    );
    assert_eq!(ended.count("valid"), 1);
}

#[test]
fn a_row_that_does_not_fit_fails_the_run() {
    let text = "event_id,event_type\na,order.created,x\n";
    let ended = run_with_input(replay().args(["--dry-run", "-"]), text.as_bytes());
    assert_eq!(ended.status, 1);
    assert!(
        ended
            .stderr
            .contains("(standard input):2: (event): wrong_type: "),
        "{ended:?}"
    );
}

#[test]
fn an_output_that_cannot_be_written_is_no_panic() {
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let dry_run = || {
        let mut command = replay();
        command.arg("--dry-run").arg(sample("orders.ndjson"));
        command
    };
    let ended = run(dry_run().stderr(full()));
    assert_eq!(ended.status, 0, "{ended:?}");
    let ended = run(dry_run().stdout(full()));
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(
        ended.stderr.contains("cannot write to standard output"),
        "{ended:?}"
    );
}

#[test]
fn a_limit_ends_a_dry_run_in_order() {
    let ended = run(replay()
        .args(["--dry-run", "--limit", "7"])
        .arg(sample("orders.csv")));
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(ended.count("all"), 7);
    assert!(ended.stderr.contains("read up to line 8"), "{ended:?}");
}

#[test]
fn generated_events_are_valid_and_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "generate",
        "--orders",
        "2000",
        "--seed",
        "5",
        "--duplicates",
        "0.1",
    ];
    let mut outputs = Vec::new();
    for name in ["a", "b"] {
        let path = folder.path().join(name);
        let ended = run(replay().args(arguments).arg("--output").arg(&path));
        assert_eq!(ended.status, 0, "{ended:?}");
        outputs.push(fs::read(&path).unwrap());
    }
    assert!(outputs[0] == outputs[1], "equal settings give equal bytes");
    let ended = run_with_input(replay().args(["--dry-run", "-"]), &outputs[0]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(ended.count("valid"), 2200);
    assert_eq!(ended.count("repeating an earlier one"), 200);
    let output = replay()
        .args(arguments)
        .args(["--invalid", "0.05", "--output", "-"])
        .output()
        .unwrap();
    let lines = output.stdout.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines, 2300, "to standard output");
}
