//! Where a value was written: every part of the model can point at its file, line and column.

use std::path::PathBuf;
use std::sync::Arc;

/// One file that was read, or a text that was given in its place.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the user would type it.
    pub path: PathBuf,
    /// The whole text, which findings quote.
    pub text: Arc<str>,
}

/// Names a file within [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// All files that a model was read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file and names it.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> FileId {
        self.files.push(SourceFile { path: path.into(), text: text.into() });
        FileId(u32::try_from(self.files.len() - 1).expect("fewer than 2^32 files"))
    }

    /// The file of that name.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// `path:line:column` of a place, as compilers print it; `None` for what no file says.
    pub fn display(&self, place: Place) -> Option<String> {
        let file = self.file(place.file?);
        Some(format!("{}:{}:{}", file.path.display(), place.line, place.column))
    }

    /// Every file, in the order in which it was read.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }
}

/// A stretch of a file. Lines and columns count from 1, offset and length are bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, or `None` for a value that no file says (a default, a generated name).
    pub file: Option<FileId>,
    /// Byte offset from the start of the file.
    pub offset: u32,
    /// Length in bytes.
    pub len: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Place {
    /// The place of a value that no file says.
    pub const NOWHERE: Place = Place { file: None, offset: 0, len: 0, line: 0, column: 0 };
}

/// A value and the place that said it. Two are equal when their values are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sourced<T> {
    /// The value itself.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

impl<T> Sourced<T> {
    /// A value with its place.
    pub fn new(value: T, place: Place) -> Self {
        Sourced { value, place }
    }

    /// A value that no file says: a default, or one made by a test.
    pub fn implied(value: T) -> Self {
        Sourced { value, place: Place::NOWHERE }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: f(self.value), place: self.place }
    }
}

impl<T> std::ops::Deref for Sourced<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Sourced<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Sourced<T> {}

impl<T> From<T> for Sourced<T> {
    fn from(value: T) -> Self {
        Sourced::implied(value)
    }
}

impl From<&str> for Sourced<String> {
    fn from(value: &str) -> Self {
        Sourced::implied(value.to_owned())
    }
}
