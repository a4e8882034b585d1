//! Where reports and complaints go: reports to standard output, everything else to standard error.

use std::error::Error;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::app::cli::{Color, Format, ReportArgs};
use crate::model::plan::Purpose;
use crate::report::document::Document;
use crate::report::text::Look;
use crate::report::{csv, html, json, markdown, text, what_if};

/// A report could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("failed to write the report to standard output")]
    Stdout(#[source] io::Error),
    #[error("failed to write the report to `{}`", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

/// A report, in whatever format it is wanted.
pub struct Report<'a> {
    pub document: Document<'a>,
    /// Whether the terminal shows the plan already: then the text goes on with what came of it.
    pub plan_was_shown: bool,
}

impl Report<'_> {
    fn write(&self, format: Format, look: Look, to: impl io::Write) -> io::Result<()> {
        let mut to = io::BufWriter::new(to);
        let Document { plan, outcomes, .. } = self.document;
        match (format, outcomes) {
            (Format::Text, Some(outcomes)) if self.plan_was_shown => {
                to.write_all(text::outcomes(plan, outcomes, look).as_bytes())?;
            }
            (Format::Text, _) => to.write_all(text::page(self.document, look).as_bytes())?,
            (Format::Json, Some(outcomes)) => write_json(&json::outcomes(plan, outcomes), &mut to)?,
            (Format::Json, None) => match (&plan.purpose, self.document.since) {
                (Purpose::WhatIf { .. }, Some(today)) => write_json(&what_if::what_if(plan, today), &mut to)?,
                (_, _) => write_json(&json::plan(plan), &mut to)?,
            },
            (Format::Markdown, _) => to.write_all(markdown::page(self.document).as_bytes())?,
            (Format::Csv, _) => to.write_all(&csv::table(self.document))?,
            (Format::Html, _) => to.write_all(html::page(self.document).as_bytes())?,
        }
        to.flush()
    }
}

/// Writes a document, indented, with a line feed at its end.
pub fn write_json(document: &impl Serialize, to: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, document)?;
    to.write_all(b"\n")
}

/// Makes sure that the file of a report can be written, for whoever is about to change what cannot be undone.
pub fn prepare(args: &ReportArgs) -> Result<(), OutputError> {
    let Some(path) = &args.out else { return Ok(()) };
    let tried = if is_special(path) {
        fs::OpenOptions::new().write(true).open(path).map(drop)
    } else {
        part_of(path).and_then(|part| fs::write(&part, "").and_then(|()| fs::remove_file(&part)))
    };
    tried.map_err(|cause| OutputError::File { path: path.clone(), cause })
}

/// Writes a report to a file, as its name ends or the format says.
pub fn file(report: &Report<'_>, path: &Path, format: Option<Format>) -> Result<(), OutputError> {
    let format = format_of_file(path, format);
    write_whole(path, |file| report.write(format, Look { color: false }, file))
        .map_err(|cause| OutputError::File { path: path.to_owned(), cause })
}

/// Delivers a report as the arguments say. Where it cannot be filed, it is printed all the same.
pub fn deliver(report: &Report<'_>, args: &ReportArgs, color: Color) -> Result<(), OutputError> {
    let filed = args.out.as_ref().map_or(Ok(()), |path| file(report, path, args.format));
    let format = args.format.unwrap_or(Format::Text);
    let printed = printed(report.write(format, look(color), io::stdout().lock()));
    filed.and(printed)
}

/// What a file named so holds: its ending decides, then `--format`; a plan to be approved is JSON.
fn format_of_file(path: &Path, format: Option<Format>) -> Format {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Format::Json,
        Some("txt") => Format::Text,
        Some("md") => Format::Markdown,
        Some("csv") => Format::Csv,
        Some("html") => Format::Html,
        Some(_) | None => format.unwrap_or(Format::Json),
    }
}

/// Whether standard output shows colours.
pub fn look(color: Color) -> Look {
    Look {
        color: match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => io::stdout().is_terminal(),
        },
    }
}

/// Prints to standard output.
pub fn print(text: &str) -> Result<(), OutputError> {
    let mut stdout = io::stdout().lock();
    printed(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// A reader who has gone away is no failure.
fn printed(result: io::Result<()>) -> Result<(), OutputError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(OutputError::Stdout(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Says something on standard error. If that is closed, there is nobody left to tell.
pub fn say(text: &str) {
    let _told = writeln!(io::stderr().lock(), "{text}");
}

/// Says an error, the chain below it, and the next step.
pub fn complain(error: &(dyn Error + 'static), hint: &str) {
    say(&format!("error: {error}"));
    let mut below = error.source();
    while let Some(cause) = below {
        say(&format!("  caused by: {cause}"));
        below = cause.source();
    }
    if !hint.is_empty() {
        say(&format!("hint: {hint}"));
    }
}

/// What went wrong and why, in one line.
pub fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}

/// Writes a file whole or not at all. A device or a pipe is written to, and not replaced by a file.
fn write_whole(path: &Path, write: impl FnOnce(fs::File) -> io::Result<()>) -> io::Result<()> {
    if is_special(path) {
        return write(fs::OpenOptions::new().write(true).open(path)?);
    }
    let part = part_of(path)?;
    write(fs::File::create(&part)?)?;
    fs::rename(&part, path)
}

fn part_of(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
    name.push(".part");
    Ok(path.with_file_name(name))
}

/// Whether something is there that is no file.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| !about.is_file())
}
