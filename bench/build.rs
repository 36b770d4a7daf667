//! Notes which compiler builds the benchmarks: a result names it.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC");
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = std::env::var_os("RUSTC").expect("cargo tells build scripts the compiler");
    let output = Command::new(compiler)
        .arg("--version")
        .output()
        .expect("the compiler that builds this runs");
    let version = String::from_utf8_lossy(&output.stdout);
    println!("cargo::rustc-env=RUSTC_VERSION={}", version.trim());
}
