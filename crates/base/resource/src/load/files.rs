//! The files of resource directories.

use std::io;
use std::path::{Path, PathBuf};

use super::LoadError;

/// A file of a directory.
#[derive(Debug)]
pub struct ReadFile {
    /// Where it is, beginning with the directory as it was given.
    pub path: PathBuf,
    /// What is in it; `None` for a file whose name is not one of YAML and which is therefore not read.
    pub contents: io::Result<Option<Vec<u8>>>,
}

/// Every file of every directory, directories in the given order and files in the order of their names. Directories in
/// them are passed over. What cannot be listed is an error, what cannot be read is in the files.
pub fn read_directories(paths: &[PathBuf]) -> (Vec<ReadFile>, Vec<LoadError>) {
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match list(path) {
            Ok(names) => files.extend(names.into_iter().map(|path| {
                let contents = if is_yaml(&path) { std::fs::read(&path).map(Some) } else { Ok(None) };
                ReadFile { path, contents }
            })),
            Err(error) => errors.push(LoadError::Directory { path: path.clone(), source: error }),
        }
    }
    (files, errors)
}

fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        // A link is taken for a file whatever it leads to, which is how mounted configuration maps are read.
        if !entry.file_type()?.is_dir() {
            files.push(entry.file_name());
        }
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|name| directory.join(name)).collect())
}

fn is_yaml(path: &Path) -> bool {
    // As Go cuts names: `.yaml` alone has that extension.
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    matches!(extension.as_deref(), Some("yaml" | "yml"))
}
