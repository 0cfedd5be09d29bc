//! Flow log records, read one by one: of files and folders as AWS delivers them to S3, and as
//! `egret run --flow-logs` writes them.
//!
//! Text, text packed by gzip, and Parquet are told apart by their first bytes. Text says in its first
//! line which fields it has; without such a line it is in the format that was given, or in the default
//! one of version 2. A file is read in pieces of a fixed size, so memory does not grow with it. What
//! cannot be read is counted and shown with file and line, and never taken for something else.
//!
//! This reads, and judges nothing.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::Format;

mod columns;
mod files;
mod record;
mod text;

pub use files::{Files, files};
pub use record::{Action, Record, Status};

/// So many problems are kept with their places; all are counted.
pub const SHOWN: usize = 20;
/// Bytes of a file that are in memory at a time.
const PIECE: usize = 1 << 18;

/// Reads flow logs, and keeps count of what was in them.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    format: Option<Format>,
    tally: Tally,
}

/// What was in flow logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files.
    pub files: u64,
    /// Records of packets that passed or were refused.
    pub records: u64,
    /// Records that say that an interface had no packet in a window.
    pub no_data: u64,
    /// Records that say that AWS left records out.
    pub skip_data: u64,
    /// What could not be read.
    pub problems: u64,
    /// The first [`SHOWN`] of these.
    pub shown: Vec<Problem>,
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// The line, or the row of Parquet, from 1; 0 is the file as a whole.
    pub line: u64,
    /// What is wrong, and how to mend it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        write!(f, " {}", self.what)
    }
}

impl Reader {
    /// A reader of text in this format, where a file does not say by itself which fields it has.
    pub fn new(format: Option<Format>) -> Reader {
        Reader { format, tally: Tally::default() }
    }

    /// What was read so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Hands each record of a file to `sink`, those without packets too. What cannot be read is in
    /// the [`Tally`].
    pub fn read(&mut self, path: &Path, sink: impl FnMut(&Record<'_>)) {
        match File::open(path) {
            Ok(file) => self.read_from(path, file, sink),
            Err(error) => {
                self.tally.files += 1;
                self.note(path).problem(0, error);
            }
        }
    }

    fn read_from(&mut self, path: &Path, file: File, mut sink: impl FnMut(&Record<'_>)) {
        self.tally.files += 1;
        let format = self.format.clone();
        let mut note = self.note(path);
        if let Err(error) = read(file, format.as_ref(), &mut note, &mut sink) {
            note.problem(0, error);
        }
    }

    fn note<'a>(&'a mut self, path: &'a Path) -> Note<'a> {
        Note { path, tally: &mut self.tally }
    }
}

fn read(
    mut file: File,
    format: Option<&Format>,
    note: &mut Note<'_>,
    sink: &mut impl FnMut(&Record<'_>),
) -> io::Result<()> {
    match kind(&mut file)? {
        Kind::Parquet => columns::read(file, note, sink),
        Kind::Gzip => {
            let unpacked = MultiGzDecoder::new(BufReader::with_capacity(PIECE, file));
            let mut unpacked = BufReader::with_capacity(PIECE, unpacked);
            if unpacked.fill_buf()?.starts_with(PARQUET) {
                let what = "is Parquet within gzip: unpack it first, as Parquet is read at its end";
                note.problem(0, what);
                return Ok(());
            }
            text::read(unpacked, format, note, sink);
            Ok(())
        }
        Kind::Text => {
            text::read(BufReader::with_capacity(PIECE, file), format, note, sink);
            Ok(())
        }
    }
}

/// What a file is, by its first bytes.
enum Kind {
    Text,
    Gzip,
    Parquet,
}

const PARQUET: &[u8] = b"PAR1";
const GZIP: &[u8] = &[0x1f, 0x8b];

fn kind(file: &mut File) -> io::Result<Kind> {
    let mut first = Vec::new();
    file.take(4).read_to_end(&mut first)?;
    file.rewind()?;
    Ok(match &first[..] {
        first if *first == *PARQUET => Kind::Parquet,
        first if first.starts_with(GZIP) => Kind::Gzip,
        _ => Kind::Text,
    })
}

/// What is noted of one file.
struct Note<'a> {
    path: &'a Path,
    tally: &'a mut Tally,
}

impl Note<'_> {
    fn problem(&mut self, line: u64, what: impl ToString) {
        self.tally.problems += 1;
        if self.tally.shown.len() < SHOWN {
            let problem = Problem { path: self.path.to_owned(), line, what: what.to_string() };
            self.tally.shown.push(problem);
        }
    }

    fn record(&mut self, record: &Record<'_>) {
        match record.status {
            Status::Ok => self.tally.records += 1,
            Status::NoData => self.tally.no_data += 1,
            Status::SkipData => self.tally.skip_data += 1,
        }
    }
}
