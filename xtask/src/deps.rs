//! Crates that must not come into the dependency graph, whoever asks for them.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// Each banned crate, with the reason a person is told.
const BANNED: [(&str, &str); 4] = [
    ("aws-lc-rs", "TLS is rustls with ring: aws-lc needs a C compiler and cmake"),
    ("openssl-sys", "TLS is rustls with ring: OpenSSL ties the binary to the system's library"),
    ("native-tls", "TLS is rustls with ring: native-tls brings OpenSSL"),
    ("serde_yaml", "it is no longer maintained: YAML goes through tender-yaml"),
];

/// Fails, naming each banned crate that is in the graph and who depends on it.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut found = Vec::new();
    for (name, reason) in BANNED {
        if let Some(dependants) = dependants(root, name)? {
            found.push(format!("{name} is banned ({reason}):\n{}", dependants.trim_end()));
        }
    }
    ensure!(found.is_empty(), "{}", found.join("\n\n"));
    Ok(())
}

/// The tree of crates that lead to `name` on any platform, with any feature; none when it is not in the graph.
fn dependants(root: &Path, name: &str) -> Result<Option<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--locked",
            "--workspace",
            "--all-features",
            "--target",
            "all",
            "-e",
            "all",
            "-i",
            name,
        ])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .context("run cargo tree")?;
    let problem = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        // A crate that is only in the lock file yields an empty tree.
        let tree = String::from_utf8_lossy(&output.stdout).into_owned();
        return Ok((!tree.trim().is_empty()).then_some(tree));
    }
    ensure!(
        problem.contains("did not match any packages"),
        "cargo tree could not look for {name}: {}",
        problem.trim()
    );
    Ok(None)
}
