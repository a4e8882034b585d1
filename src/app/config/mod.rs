//! The configuration, read twice: as written, then as meant, with every complaint of a file in one go.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::de::{DeTable, Deserializer};

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::meaning::serve::ServeConfig;
use crate::app::config::meaning::sources::SourceConfig;
use crate::app::config::meaning::state::StateConfig;
use crate::app::config::reading::Reading;
use crate::gitlab::config::GitLabConfig;
use crate::model::person::SourceName;
use crate::model::policy::Policy;
use crate::model::rule::Rule;
use crate::notify::config::NotifyConfig;

pub mod complaint;
pub mod duration;
pub mod example;
pub mod file;
pub mod meaning;
pub mod reading;
pub mod reference;
pub mod schema;
pub mod secret;
pub mod shape;
pub mod written;

#[cfg(test)]
mod tests;

/// A configuration that means something: nothing is optional that has a default, and every secret was found.
#[derive(Debug)]
pub struct Config {
    pub gitlab: GitLabConfig,
    /// The address that GitLab had before.
    pub formerly: Option<String>,
    pub state: StateConfig,
    pub sources: Vec<SourceConfig>,
    /// In the order of the file.
    pub rules: Vec<Rule>,
    pub policy: Policy,
    pub serve: ServeConfig,
    /// Who may sign plans.
    pub allowed_signers: Option<PathBuf>,
    /// `None` where nobody is to be told anything.
    pub notify: Option<NotifyConfig>,
    /// The file it was read from.
    pub path: PathBuf,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("failed to read `{}`", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{}` has {}", path.display(), problems(complaints))]
    Invalid {
        path: PathBuf,
        /// What was written, with every secret in it hidden.
        text: String,
        /// In the order of the file.
        complaints: Vec<Complaint>,
    },
}

impl Config {
    /// Reads a file and whatever secrets it names.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let unreadable = |cause| ConfigError::Unreadable { path: path.to_owned(), cause };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Config::parse(&text, path, &secret::environment)
    }

    /// The sources that may be read by their changes.
    pub fn incremental_sources(&self) -> BTreeSet<SourceName> {
        self.sources
            .iter()
            .filter(|source| source.is_incremental())
            .map(|source| source.name().clone())
            .collect()
    }

    /// Reads the text of the file at `path`; `variable` looks up the environment.
    pub fn parse(
        text: &str,
        path: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        let invalid = |secrets: &[_], mut complaints: Vec<Complaint>| {
            complaints.sort_by_key(|complaint| complaint.span.start);
            let text = complaint::masked(text, secrets);
            ConfigError::Invalid { path: path.to_owned(), text, complaints }
        };

        let (mut document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let complaints = errors.iter().map(Complaint::of_syntax).collect();
            return Err(invalid(&complaint::likely_secrets(text), complaints));
        }
        let shape = shape::examine(&schema::schema(), &mut document);
        let written = match File::deserialize(Deserializer::from(document)) {
            Ok(written) => written,
            Err(error) => {
                let complaints = shape.complaints.into_iter().chain([Complaint::of_syntax(&error)]);
                return Err(invalid(&shape.secrets, complaints.collect()));
            }
        };

        let folder = path.parent().unwrap_or(Path::new(""));
        let mut reading = Reading::new(folder, variable);
        let gitlab = meaning::gitlab::gitlab(&written, &mut reading);
        let formerly = meaning::gitlab::formerly(&written, &mut reading);
        let state = meaning::state::state(&written, &mut reading);
        let (sources, matching) = meaning::sources::sources(&written, &mut reading);
        let rules = meaning::rules::rules(&written, &mut reading);
        let serve = meaning::serve::serve(&written, &mut reading);
        let (approval, allowed_signers) = meaning::approval::approval(&written, &mut reading);
        let policy = Policy { matching, approval, ..meaning::policy::policy(&written, &mut reading) };
        let notify = meaning::notify::notify(&written, &policy, serve.as_ref(), &mut reading);

        let complaints = [shape.complaints, reading.complaints].concat();
        match (gitlab, state, serve) {
            (Some(gitlab), Some(state), Some(serve)) if complaints.is_empty() => Ok(Config {
                gitlab,
                formerly,
                state,
                sources,
                rules,
                policy,
                serve,
                allowed_signers,
                notify,
                path: path.to_owned(),
            }),
            (Some(_) | None, Some(_) | None, Some(_) | None) => {
                Err(invalid(&[shape.secrets, reading.secrets].concat(), complaints))
            }
        }
    }
}

impl ConfigError {
    /// All there is to say of it, for a terminal (with colour) or anything else.
    pub fn render(&self, color: bool) -> String {
        match self {
            ConfigError::Unreadable { cause, .. } => format!(
                "error: {self}: {cause}\nhint: `seatsync demo` needs no configuration; \
                 for your own, start from `config.example.toml`"
            ),
            ConfigError::Invalid { path, text, complaints } => {
                let shown = complaint::render(path, text, complaints, color);
                format!("{shown}\n\nerror: {self}")
            }
        }
    }
}

fn problems(complaints: &[Complaint]) -> String {
    match complaints.len() {
        1 => "one problem".to_owned(),
        many => format!("{many} problems"),
    }
}
