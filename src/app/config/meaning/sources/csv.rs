//! What `[csv.NAME]` means.

use crate::app::config::complaint::Complaint;
use crate::app::config::file::sources::csv as file;
use crate::app::config::file::sources::matching::MatchStep;
use crate::app::config::meaning::sources::matching::matching;
use crate::app::config::reading::Reading;
use crate::model::person::SourceName;
use crate::model::policy::Matching;
use crate::sources::csv::config::{ColumnNames, CsvConfig};

/// How the people of the source are matched, and the source; `None` where something was complained of.
pub fn csv(
    name: SourceName,
    written: &file::Csv,
    reading: &mut Reading<'_>,
) -> (Matching, Option<CsvConfig>) {
    let provider = (written.identity_provider.as_ref(), None);
    (matching(written.match_by.as_ref(), provider, reading), source(name, written, reading))
}

fn source(name: SourceName, written: &file::Csv, reading: &mut Reading<'_>) -> Option<CsvConfig> {
    let path = reading.optional_path(written.path.as_ref());
    let mut columns = ColumnNames::default();
    if let Some(written) = &written.columns {
        let ColumnNames { id, username, email, name, groups, identity } = &mut columns;
        let named = [
            (id, &written.id),
            (username, &written.username),
            (email, &written.email),
            (name, &written.name),
            (groups, &written.groups),
        ];
        for (column, written) in named {
            if let Some(text) = reading.text(written.as_ref()) {
                *column = text;
            }
        }
        *identity = reading.text(written.identity.as_ref());
    }
    let explicit = written.match_by.as_ref().filter(|steps| steps.value.contains(&MatchStep::Identity));
    if let (Some(steps), None) = (explicit, &columns.identity) {
        let complaint = Complaint::new(&steps.span, "`identity` is to be matched, but no column holds it");
        reading.complain(complaint.help("add columns = { identity = \"…\" }, or remove `identity`"));
    }
    let group_separator = written.group_separator.as_ref().map_or(';', |separator| {
        let mut characters = separator.value.chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) => only,
            (Some(_) | None, Some(_) | None) => {
                let complaint = Complaint::new(&separator.span, "`group_separator` is one character");
                reading.complain(complaint.help("for example: group_separator = \"|\""));
                ';'
            }
        }
    });
    Some(CsvConfig { name, path: path?, columns, group_separator })
}
