//! Complaints of a configuration file: where, what, and the way out, shown as rustc shows them.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Bytes of the file.
    pub span: Range<usize>,
    pub message: String,
    /// The way out; empty where the message says it all.
    pub help: String,
}

impl Complaint {
    pub fn new(span: &Range<usize>, message: impl Into<String>) -> Complaint {
        Complaint { span: span.clone(), message: message.into(), help: String::new() }
    }

    /// What the reader of TOML itself says.
    pub fn of_syntax(error: &toml::de::Error) -> Complaint {
        Complaint::new(&error.span().unwrap_or_default(), error.message())
    }

    pub fn help(mut self, help: impl Into<String>) -> Complaint {
        self.help = help.into();
        self
    }
}

/// All complaints in the order of the file, each with its line. `text` has no secrets in it any more.
pub fn render(path: &Path, text: &str, complaints: &[Complaint], color: bool) -> String {
    let path = path.display().to_string();
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let shown: Vec<String> = complaints
        .iter()
        .map(|complaint| {
            let snippet = Snippet::source(text)
                .path(path.as_str())
                .annotation(AnnotationKind::Primary.span(first_line(text, &complaint.span)));
            let mut group: Group<'_> =
                Level::ERROR.primary_title(complaint.message.as_str()).element(snippet);
            if !complaint.help.is_empty() {
                group = group.element(Level::HELP.message(complaint.help.as_str()));
            }
            renderer.render(&[group])
        })
        .collect();
    shown.join("\n\n")
}

/// The same text with these bytes hidden, every other byte in its place.
pub fn masked(text: &str, secrets: &[Range<usize>]) -> String {
    text.char_indices()
        .map(|(at, c)| {
            let hidden = c != '\n' && c != '\r' && secrets.iter().any(|span| span.contains(&at));
            if hidden { "*".repeat(c.len_utf8()) } else { c.to_string() }
        })
        .collect()
}

/// What spans several lines is marked on its first alone, so that one look suffices.
fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let length = text.get(start..end).and_then(|part| part.find(['\n', '\r'])).unwrap_or(end - start);
    start..start + length
}

/// Where secrets probably are in a text that is no TOML: behind `token`, `password` and the like, in quotes.
pub fn likely_secrets(text: &str) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let named = ["token", "password", "secret"].iter().filter_map(|word| lower.find(word)).min();
        if let Some(quote) = named.and_then(|at| line[at..].find('=').map(|equals| at + equals + 1)) {
            let is_elsewhere = line[quote..].trim_start().starts_with('{');
            if !is_elsewhere {
                secrets.push(start + quote..start + line.len());
            }
        }
        start += line.len();
    }
    secrets
}
