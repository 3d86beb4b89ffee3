//! Chores of the workspace, one module each: `cargo run -p xtask -- <chore>`.

use std::path::Path;

use anyhow::{Result, bail};

mod deps;
mod proto;

const USAGE: &str = "usage: xtask <chore>

  proto           write the generated code and descriptors of tender-proto
  proto --check   tell whether they are what the .proto files say
  check-deps      tell whether a banned crate is in the dependency graph";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words.as_slice() {
        ["proto"] => proto::write(root()?),
        ["proto", "--check"] => proto::check(root()?),
        ["check-deps"] => deps::check(root()?),
        _ => bail!("{USAGE}"),
    }
}

/// The repository's folder: the one that holds xtask's.
fn root() -> Result<&'static Path> {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().ok_or_else(|| anyhow::anyhow!("{} has no parent folder", xtask.display()))
}
