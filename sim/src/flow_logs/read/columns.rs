//! Records as rows of Parquet.
//!
//! A few thousand rows are in memory at a time, and the pages that they are in. Columns are known by
//! their names, with hyphens or underscores, and are read whether they are numbers or texts.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, RowGroupReader, SerializedFileReader};

use super::Note;
use super::record::{Bad, Record};
use crate::flow_logs::Field;

/// Rows in memory.
const ROWS: usize = 4_096;

/// Hands each record to `sink`.
///
/// # Errors
/// When the file is damaged, or is no flow log.
pub(super) fn read(
    file: impl ChunkReader + 'static,
    note: &mut Note<'_>,
    sink: &mut impl FnMut(&Record<'_>),
) -> io::Result<()> {
    // The library trusts some of what a file says of itself, and panics where that is not so.
    let rows = catch_unwind(AssertUnwindSafe(|| rows(file, note, sink)));
    match rows {
        Ok(rows) => rows.map_err(io::Error::other),
        Err(_) => Err(io::Error::other("the file is damaged")),
    }
}

fn rows(
    file: impl ChunkReader + 'static,
    note: &mut Note<'_>,
    sink: &mut impl FnMut(&Record<'_>),
) -> Result<(), ParquetError> {
    let reader = SerializedFileReader::new(file)?;
    let columns = reader.metadata().file_metadata().schema_descr().columns();
    let named = columns.iter().enumerate();
    let asked: Vec<(usize, Field)> =
        named.filter_map(|(at, column)| Some((at, asked(column.name())?))).collect();
    if asked.is_empty() {
        return Err(ParquetError::General("no column is a field of a flow log".to_owned()));
    }
    let mut row = 0;
    for at in 0..reader.num_row_groups() {
        let group = reader.get_row_group(at)?;
        let mut batch = Batch::new(&*group, &asked)?;
        loop {
            let rows = batch.read()?;
            if rows == 0 {
                break;
            }
            for at in 0..rows {
                row += 1;
                batch.row(at, row, note, sink);
            }
        }
    }
    Ok(())
}

fn asked(name: &str) -> Option<Field> {
    let mut fields = Field::ALL.iter().copied().filter(|field| Record::has(*field));
    fields.find(|field| field.name().replace('-', "_") == name.replace('-', "_"))
}

/// Some rows of a row group.
struct Batch {
    columns: Vec<Column>,
}

struct Column {
    field: Field,
    reader: ColumnReader,
    values: Values,
}

/// What a column has in the rows of a batch.
enum Values {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<ByteArray>>),
}

impl Batch {
    fn new(group: &dyn RowGroupReader, asked: &[(usize, Field)]) -> Result<Batch, ParquetError> {
        let column = |(at, field): &(usize, Field)| {
            let reader = group.get_column_reader(*at)?;
            Ok(Column { field: *field, reader, values: Values::Numbers(Vec::new()) })
        };
        let columns: Result<Vec<Column>, ParquetError> = asked.iter().map(column).collect();
        Ok(Batch { columns: columns? })
    }

    /// Reads the next rows of each column, and says how many there are.
    fn read(&mut self) -> Result<usize, ParquetError> {
        let mut rows = None;
        for column in &mut self.columns {
            let own = column.read()?;
            if *rows.get_or_insert(own) != own {
                return Err(ParquetError::General("columns differ in length".to_owned()));
            }
        }
        Ok(rows.unwrap_or(0))
    }

    fn row(&self, at: usize, number: u64, note: &mut Note<'_>, sink: &mut impl FnMut(&Record<'_>)) {
        let mut record = Record::default();
        for column in &self.columns {
            if let Err(bad) = column.set(at, &mut record) {
                let (name, value) = (column.field.name(), column.shown(at));
                note.problem(number, format_args!("{name} is `{value}`, {}", bad.what()));
                return;
            }
        }
        note.record(&record);
        sink(&record);
    }
}

impl Column {
    fn read(&mut self) -> Result<usize, ParquetError> {
        self.values = match &mut self.reader {
            ColumnReader::Int32ColumnReader(reader) => {
                let numbers = values(reader)?.into_iter().map(|n| n.map(i64::from));
                Values::Numbers(numbers.collect())
            }
            ColumnReader::Int64ColumnReader(reader) => Values::Numbers(values(reader)?),
            ColumnReader::ByteArrayColumnReader(reader) => Values::Texts(values(reader)?),
            _ => {
                let what = format!("column {} is neither numbers nor text", self.field.name());
                return Err(ParquetError::General(what));
            }
        };
        Ok(match &self.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Texts(texts) => texts.len(),
        })
    }

    fn set<'a>(&'a self, at: usize, record: &mut Record<'a>) -> Result<(), Bad> {
        match &self.values {
            Values::Numbers(numbers) => match numbers[at] {
                None => Ok(()),
                Some(number) => {
                    record.set_number(self.field, u64::try_from(number).map_err(|_| Bad::Number)?)
                }
            },
            Values::Texts(texts) => match &texts[at] {
                None => Ok(()),
                Some(text) => record.set(self.field, text.data()),
            },
        }
    }

    /// A value for people.
    fn shown(&self, at: usize) -> String {
        match &self.values {
            Values::Numbers(numbers) => numbers[at].map_or("-".to_owned(), |n| n.to_string()),
            Values::Texts(texts) => {
                let text = texts[at].as_ref().map(ByteArray::data).unwrap_or_default();
                String::from_utf8_lossy(&text[..text.len().min(64)]).escape_debug().to_string()
            }
        }
    }
}

/// The next values of a column that is flat.
fn values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let (rows, present, _) = reader.read_records(ROWS, Some(&mut levels), None, &mut values)?;
    let mut values = values.into_iter();
    // A column whose values are all there has no levels.
    if present == rows {
        return Ok(values.map(Some).collect());
    }
    Ok(levels.into_iter().map(|level| if level > 0 { values.next() } else { None }).collect())
}
