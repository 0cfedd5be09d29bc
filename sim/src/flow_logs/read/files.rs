//! Which files there are: what was named, and what folders hold, at any depth.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Flow log files, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Those to read.
    pub files: Vec<PathBuf>,
    /// Files in folders that do not look like flow logs.
    pub left_out: Vec<PathBuf>,
}

/// What a flow log's name ends in, where it is found in a folder.
const ENDINGS: [&str; 5] = ["log", "gz", "parquet", "txt", "text"];

/// The files that were named, whatever they are called, and those in folders that were named, such as
/// `AWSLogs/` of a bucket. Each is read once, however often it is named.
///
/// # Errors
/// When something that was named is not there, or a folder cannot be read.
pub fn files(paths: &[PathBuf]) -> io::Result<Files> {
    let mut found = Files::default();
    for path in paths {
        let about = fs::metadata(path).map_err(|error| named(path, &error))?;
        if about.is_dir() {
            folder(path, &mut found)?;
        } else {
            found.files.push(path.clone());
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.files.retain(|file| seen.insert(fs::canonicalize(file).unwrap_or(file.clone())));
    Ok(found)
}

/// In the order of names, which is that of time as AWS names them.
fn folder(path: &Path, found: &mut Files) -> io::Result<()> {
    let entries = fs::read_dir(path).map_err(|error| named(path, &error))?;
    let entries: io::Result<Vec<_>> = entries.collect();
    let mut entries = entries.map_err(|error| named(path, &error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| named(&path, &error))?;
        // A link to a folder is not followed: it may lead back here.
        if kind.is_dir() {
            folder(&path, found)?;
        } else if is_flow_log(&path) {
            found.files.push(path);
        } else {
            found.left_out.push(path);
        }
    }
    Ok(())
}

fn is_flow_log(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let ending = path.extension().and_then(|ending| ending.to_str());
    !is_hidden && ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_read_in_order_and_each_file_once() {
        let bucket = tempfile::tempdir().expect("a folder");
        let day = bucket.path().join("AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/11/24");
        fs::create_dir_all(&day).expect("folders");
        for name in ["b.log.gz", "a.log.gz", "c.log.parquet", ".hidden.gz", "notes.md"] {
            fs::write(day.join(name), "").expect("a file");
        }
        let named = [bucket.path().to_owned(), day.join("a.log.gz"), day.join("notes.md")];
        let found = files(&named).expect("all there");
        let name =
            |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
        let names: Vec<String> = found.files.iter().map(name).collect();
        assert_eq!(names, ["a.log.gz", "b.log.gz", "c.log.parquet", "notes.md"]);
        let left: Vec<String> = found.left_out.iter().map(name).collect();
        assert_eq!(left, [".hidden.gz", "notes.md"]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = files(&["nowhere.gz".into()]).expect_err("no such file");
        assert!(error.to_string().starts_with("nowhere.gz: "), "{error}");
    }
}
