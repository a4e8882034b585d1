//! Why a CSV file is not believed: a file that is wrong anywhere says nothing about anybody.

use std::io;
use std::path::PathBuf;

use crate::ports::EdgeError;

/// A file that could not be read, or whose text is no list of people.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("failed to read `{}`", path.display())]
    Read {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{}` is no list of people", path.display())]
    Decode {
        path: PathBuf,
        #[source]
        cause: DecodeError,
    },
}

/// What is wrong with the text, and where. Lines and columns count from 1; no cell is ever quoted but the id.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("line {line}, column {column}: the text is not UTF-8")]
    NotUtf8 { line: usize, column: usize },
    #[error("it has no header line")]
    NoHeader,
    #[error("line 1: column {field} has no name")]
    NamelessColumn { field: usize },
    #[error("line 1: column `{name}` is twice in the header")]
    ColumnTwice { name: String },
    #[error("line 1: there is no column `{name}`; there are {}", found.join(", "))]
    NoColumn { name: String, found: Vec<String> },
    #[error("line 1: there is no column for the person's unchanging id, `{name}`; there are {}", found.join(", "))]
    NoIdColumn { name: String, found: Vec<String> },
    #[error("line 1: there is no column by which an account could be found; there are {}", found.join(", "))]
    NoMatchingColumn { found: Vec<String> },
    #[error("line {line}, column {column}: a quote is opened and never closed")]
    OpenQuote { line: usize, column: usize },
    #[error("line {line}, column {column}: text follows a closing quote")]
    TextAfterQuote { line: usize, column: usize },
    #[error("line {line} has {found} fields, and the header has {expected}")]
    FieldCount { line: usize, found: u64, expected: u64 },
    #[error("line {line}: column `{column}` is empty, so nobody knows whom the line is about")]
    NoId { line: usize, column: String },
    #[error("line {line}: column `{column}` is not what line {first_line} says of the same id `{id}`")]
    Disagreement { line: usize, first_line: usize, column: String, id: String },
    #[error("line {line}: the text is no CSV")]
    Other {
        line: usize,
        #[source]
        cause: csv::Error,
    },
}

impl From<CsvError> for EdgeError {
    fn from(error: CsvError) -> EdgeError {
        let hint = match &error {
            CsvError::Read { .. } => "`path` in the configuration says where it is",
            CsvError::Decode { cause, .. } => cause.hint(),
        };
        EdgeError::new(error).hinting(hint)
    }
}

impl DecodeError {
    fn hint(&self) -> &'static str {
        match self {
            DecodeError::NotUtf8 { .. } => "export the file as UTF-8",
            DecodeError::NoHeader => "begin the file with a line such as `id,username,email,name,groups`",
            DecodeError::NamelessColumn { .. } | DecodeError::ColumnTwice { .. } => {
                "give every column a name of its own"
            }
            DecodeError::NoIdColumn { .. } => {
                "name a column with an unchanging id, such as an employee number: columns = { id = \"…\" }"
            }
            DecodeError::NoColumn { .. } | DecodeError::NoMatchingColumn { .. } => {
                "say which columns mean what: columns = { username = \"…\", email = \"…\", groups = \"…\" }; \
                 commas part them"
            }
            DecodeError::OpenQuote { .. } | DecodeError::TextAfterQuote { .. } => {
                "a quote inside of a quoted field is written twice (RFC 4180)"
            }
            DecodeError::FieldCount { .. } | DecodeError::Other { .. } => {
                "correct the line; where the file ends in the middle, export it again"
            }
            DecodeError::NoId { .. } => "fill it in, or remove the line",
            DecodeError::Disagreement { .. } => {
                "several lines of one person may differ in their groups alone; correct one of the two"
            }
        }
    }
}
