//! The fuzzer's corpus, `fuzz/corpus/`: inputs that each reached something of their own. Whoever has
//! the code under test runs the fuzzer's checks over them.

use std::path::Path;

use anyhow::{Context, ensure};

/// The inputs of a target, each with the name of its file.
///
/// # Errors
///
/// When there is none, or one cannot be read.
pub fn load(target: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut inputs = std::fs::read_dir(&folder)
        .and_then(|entries| {
            entries
                .map(|entry| {
                    let entry = entry?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    Ok((name, std::fs::read(entry.path())?))
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .with_context(|| format!("cannot read {}", folder.display()))?;
    inputs.sort();
    ensure!(!inputs.is_empty(), "{} is empty", folder.display());
    Ok(inputs)
}
