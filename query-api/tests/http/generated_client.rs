//! A client that a generator made of the description, in a language of another kind.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::support::{Shop, order};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs a program to its good end, and gives what it said.
async fn run(program: &Path, arguments: &[&str]) -> String {
    let ended = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let (said, complained) = (
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr),
    );
    assert!(
        ended.status.success(),
        "{}: {said}{complained}",
        program.display()
    );
    said.into_owned()
}

#[tokio::test]
async fn a_client_made_from_the_description_gets_typed_answers() {
    let shop = Shop::open().await;
    shop.store(&[
        order("e1", "2020-09-01T10:00:00Z"),
        order("e2", "2020-09-02T10:00:00Z"),
    ])
    .await;
    let requirements = "query-api/tests/client/requirements.txt";
    let tools = run(&root().join("scripts/python-tools"), &[requirements]).await;
    let tools = Path::new(tools.trim());
    let folder = tempfile::tempdir().unwrap();
    let client = folder.path().join("ordertally_client");
    let made = run(
        &tools.join("openapi-python-client"),
        &[
            "generate",
            "--url",
            &shop.api.url("/openapi.json"),
            "--config",
            "query-api/tests/client/generator.yml",
            "--meta",
            "none",
            "--output-path",
            client.to_str().unwrap(),
        ],
    )
    .await;
    // It warns of the forms that it does not read, and of nothing else.
    assert!(!made.contains("Unable"), "{made}");
    let said = run(
        &tools.join("python3"),
        &[
            "query-api/tests/client/ask.py",
            folder.path().to_str().unwrap(),
            &shop.api.url(""),
        ],
    )
    .await;
    assert_eq!(said.trim(), "every answer was of its type");
}
