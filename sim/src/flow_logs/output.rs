//! Flow log records as files: text, text that is packed, or Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::format::{Field, Format, Kind};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Lines of text, with the names of the fields in the first one.
    Text,
    /// The same, packed by gzip, as AWS delivers it.
    Gzip,
    /// Apache Parquet.
    Parquet,
}

/// A value of a field; none is `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// None.
    None,
    /// Words.
    Text(String),
    /// A number.
    Number(i64),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::None => f.write_str("-"),
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Where records go.
pub struct Output<W: Write + Send>(Packed<W>);

enum Packed<W: Write + Send> {
    Text(W),
    Gzip(GzEncoder<W>),
    Parquet(Box<Parquet<W>>),
}

impl<W: Write + Send> Output<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(mut out: W, kind: FileKind, format: &Format) -> io::Result<Output<W>> {
        let header = format!("{format}\n");
        Ok(Output(match kind {
            FileKind::Text => {
                out.write_all(header.as_bytes())?;
                Packed::Text(out)
            }
            FileKind::Gzip => {
                // No time in it: the same run makes the same bytes.
                let mut out = GzBuilder::new().mtime(0).write(out, Compression::default());
                out.write_all(header.as_bytes())?;
                Packed::Gzip(out)
            }
            FileKind::Parquet => Packed::Parquet(Box::new(Parquet::new(out, format)?)),
        }))
    }

    /// Adds records, a value for each field of the format.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, records: &[Vec<Value>]) -> io::Result<()> {
        match &mut self.0 {
            Packed::Text(out) => lines(out, records),
            Packed::Gzip(out) => lines(out, records),
            Packed::Parquet(parquet) => parquet.write(records).map_err(io::Error::other),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Packed::Text(out) => out.flush(),
            Packed::Gzip(out) => {
                out.try_finish()?;
                out.get_mut().flush()
            }
            Packed::Parquet(parquet) => parquet.finish().map_err(io::Error::other),
        }
    }
}

fn lines(out: &mut impl Write, records: &[Vec<Value>]) -> io::Result<()> {
    for record in records {
        for (at, value) in record.iter().enumerate() {
            write!(out, "{}{value}", if at > 0 { " " } else { "" })?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A file of columns. Each batch of records is a row group.
struct Parquet<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    kinds: Vec<Kind>,
}

impl<W: Write + Send> Parquet<W> {
    fn new(out: W, format: &Format) -> io::Result<Parquet<W>> {
        let columns = format.fields().iter().map(|field| column(*field).map(Arc::new));
        let columns: Result<Vec<_>, _> = columns.collect();
        let schema = columns
            .and_then(|columns| Type::group_type_builder("flow_log").with_fields(columns).build());
        let writer = schema.and_then(|schema| {
            let properties = WriterProperties::builder()
                .set_created_by(concat!("egret ", env!("CARGO_PKG_VERSION")).to_owned())
                .build();
            SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
        });
        let kinds = format.fields().iter().map(|field| field.kind()).collect();
        Ok(Parquet { writer: writer.map_err(io::Error::other)?, kinds })
    }

    fn write(&mut self, records: &[Vec<Value>]) -> Result<(), ParquetError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for at in 0..self.kinds.len() {
            let Some(mut column) = group.next_column()? else { break };
            let values = || records.iter().map(|record| &record[at]);
            // A value that is not there is level 0.
            let levels: Vec<i16> = values().map(|value| i16::from(*value != Value::None)).collect();
            let numbers = || {
                values().filter_map(|value| match value {
                    Value::Number(number) => Some(*number),
                    _ => None,
                })
            };
            match column.untyped() {
                ColumnWriter::Int32ColumnWriter(column) => {
                    let numbers: Vec<i32> = numbers().map(|number| number as i32).collect();
                    column.write_batch(&numbers, Some(&levels), None)?;
                }
                ColumnWriter::Int64ColumnWriter(column) => {
                    let numbers: Vec<i64> = numbers().collect();
                    column.write_batch(&numbers, Some(&levels), None)?;
                }
                ColumnWriter::ByteArrayColumnWriter(column) => {
                    let texts = values().filter(|value| **value != Value::None);
                    let texts: Vec<ByteArray> =
                        texts.map(|text| ByteArray::from(text.to_string().into_bytes())).collect();
                    column.write_batch(&texts, Some(&levels), None)?;
                }
                _ => {}
            }
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ParquetError> {
        self.writer.finish()?;
        Ok(())
    }
}

/// The column of a field: hyphens are underscores there, as AWS has it.
fn column(field: Field) -> Result<Type, ParquetError> {
    let name = field.name().replace('-', "_");
    let (physical, logical) = match field.kind() {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Int => (Physical::INT32, None),
        Kind::Long => (Physical::INT64, None),
    };
    Type::primitive_type_builder(&name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}
