//! `seatsync audit`: the record of what was observed, planned, approved and changed, checked or handed on.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::app::cli::{AuditCommand, AuditFormat, Common};
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{complain, print};
use crate::app::wiring;
use crate::model::audit::{AuditLine, Break, breaks};
use crate::report::words::plural;
use crate::store::database::Store;

pub async fn run(command: &AuditCommand, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let lines = match Store::open_existing(&config.state.place).await? {
        Some(store) => {
            let lines = store.audit().await?;
            store.close().await;
            lines
        }
        None => Vec::new(),
    };
    match command {
        AuditCommand::Verify { expect_head } => verify(&lines, expect_head.as_deref()),
        AuditCommand::Export { since, format: AuditFormat::Json } => export(&lines, since.as_deref()),
    }
}

fn verify(lines: &[AuditLine], expected_head: Option<&str>) -> Result<Exit, Failure> {
    let found = breaks(lines, expected_head);
    found.iter().for_each(|one: &Break| complain(one, ""));
    let count = plural(lines.len(), "line", "lines");
    let head = lines.last().map_or_else(String::new, |last| format!(", head {}", last.hash));
    if found.is_empty() {
        print(&format!("the record holds: {count}{head}\n"))?;
        return Ok(Exit::Done);
    }
    let breaks = plural(found.len(), "place", "places");
    print(&format!("the record does not hold in {breaks}: {count}{head}\n"))?;
    Ok(Exit::Failed)
}

fn export(lines: &[AuditLine], since: Option<&str>) -> Result<Exit, Failure> {
    let since = since.map(instant).transpose()?;
    let wanted = lines.iter().filter(|line| since.is_none_or(|since| line.at >= since));
    let text: String = wanted.map(|line| line.exported() + "\n").collect();
    print(&text)?;
    Ok(Exit::Done)
}

/// A day begins in UTC.
pub fn instant(written: &str) -> Result<Timestamp, Failure> {
    let day = written.parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    written.parse().ok().or(day.map(|day| day.timestamp())).ok_or_else(|| Failure::Usage {
        message: format!("`{written}` is no day and no instant"),
        hint: "write it as 2026-11-22 or 2026-11-22T04:00:00Z".to_owned(),
    })
}
