//! What `[csv.NAME]` means.

use std::path::PathBuf;

use crate::model::person::SourceName;

/// A CSV file with a header line, one person and group, or one person and their groups, a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvConfig {
    pub name: SourceName,
    pub path: PathBuf,
    pub columns: ColumnNames,
    /// Between the groups of one cell.
    pub group_separator: char,
}

/// Which columns mean what; those that are not named here are extra attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnNames {
    pub id: String,
    pub username: String,
    pub email: String,
    pub name: String,
    pub groups: String,
    /// The column compared with GitLab's `extern_uid`, if one is.
    pub identity: Option<String>,
}

impl Default for ColumnNames {
    fn default() -> ColumnNames {
        ColumnNames {
            id: "id".to_owned(),
            username: "username".to_owned(),
            email: "email".to_owned(),
            name: "name".to_owned(),
            groups: "groups".to_owned(),
            identity: None,
        }
    }
}
