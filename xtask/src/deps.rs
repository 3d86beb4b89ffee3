//! Crates that must not come into the dependency graph, whoever asks for them.
//!
//! `deny.toml` bans the same ones. This chore needs cargo alone, and tells who brought a crate in.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// Each banned crate, with the reason a person is told.
const BANNED: [(&str, &str); 5] = [
    ("aws-lc-rs", "TLS is rustls with ring: aws-lc needs a C compiler and cmake"),
    ("aws-lc-sys", "TLS is rustls with ring: aws-lc needs a C compiler and cmake"),
    ("openssl-sys", "TLS is rustls with ring: OpenSSL ties the binary to the system's library"),
    ("native-tls", "TLS is rustls with ring: native-tls brings OpenSSL"),
    ("serde_yaml", "it is no longer maintained: YAML goes through tender-yaml"),
];

/// Fails, naming each banned crate that is in the graph and who depends on it.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut found = Vec::new();
    for (name, reason) in BANNED {
        if let Some(dependants) = dependants(root, name)? {
            found.push(format!("{name} is banned ({reason}):\n{dependants}"));
        }
    }
    ensure!(found.is_empty(), "{}", found.join("\n\n"));
    Ok(())
}

/// The tree of crates that lead to `name` on any platform, with any feature; none when it is not in the graph.
fn dependants(root: &Path, name: &str) -> Result<Option<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--workspace", "--all-features"])
        .args(["--target", "all", "--edges", "all", "--invert", name])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .context("run cargo tree")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    read_tree(output.status.success(), text(&output.stdout), text(&output.stderr))
        .with_context(|| format!("look for {name} with cargo tree"))
}

/// What `cargo tree --invert` tells of a crate: a tree when it is in the graph, and otherwise either an empty
/// tree (it is in the lock file alone) or a complaint that it is unknown. Of a crate that is there in several
/// versions it only names these.
fn read_tree(success: bool, stdout: String, stderr: String) -> Result<Option<String>> {
    match (success, stdout.is_empty()) {
        (true, true) => Ok(None),
        (true, false) => Ok(Some(stdout)),
        (false, _) if stderr.contains("did not match any packages") => Ok(None),
        (false, _) if stderr.contains("is ambiguous") => Ok(Some(stderr)),
        (false, _) => bail!(stderr),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::{BANNED, read_tree};

    fn tree(success: bool, stdout: &str, stderr: &str) -> Option<String> {
        read_tree(success, stdout.to_owned(), stderr.to_owned()).unwrap()
    }

    #[test]
    fn a_crate_is_in_the_graph_when_cargo_shows_its_tree_or_cannot_choose_a_version() {
        assert_eq!(tree(true, "ring v0.17.14\n└── rustls", ""), Some("ring v0.17.14\n└── rustls".to_owned()));
        let several = "error: specification `hashbrown` is ambiguous\nhelp: … hashbrown@0.15.5";
        assert_eq!(tree(false, "", several), Some(several.to_owned()));
    }

    #[test]
    fn a_crate_is_not_in_the_graph_when_its_tree_is_empty_or_cargo_does_not_know_it() {
        assert_eq!(tree(true, "", "warning: nothing to print."), None);
        assert_eq!(tree(false, "", "error: package ID specification `x` did not match any packages"), None);
    }

    #[test]
    fn any_other_failure_of_cargo_is_a_failure_of_the_check() {
        let error = read_tree(false, String::new(), "error: cannot update the lock file".to_owned());
        assert_eq!(error.unwrap_err().to_string(), "error: cannot update the lock file");
    }

    #[test]
    fn deny_toml_bans_the_same_crates_for_the_same_reasons() {
        let deny = fs::read_to_string(crate::root().unwrap().join("deny.toml")).unwrap();
        let theirs: BTreeSet<&str> =
            deny.lines().map(str::trim).filter(|line| line.starts_with("{ crate = ")).collect();
        let ours: BTreeSet<String> = BANNED
            .iter()
            .map(|(name, reason)| format!(r#"{{ crate = "{name}", reason = "{reason}" }},"#))
            .collect();
        assert_eq!(theirs, ours.iter().map(String::as_str).collect());
    }
}
