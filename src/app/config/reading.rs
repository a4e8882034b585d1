//! What every part of the configuration needs to be understood: where files are, the environment, a place to complain.

use std::error::Error;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::civil::Date;
use secrecy::SecretString;
use url::{Host, Url};

use crate::app::config::complaint::Complaint;
use crate::app::config::duration;
use crate::app::config::secret::SecretSource;
use crate::app::config::written::{DateText, DurationText, Secret, Written};

/// The second reading of one file.
pub struct Reading<'a> {
    folder: &'a Path,
    variable: &'a dyn Fn(&str) -> Option<String>,
    pub complaints: Vec<Complaint>,
    /// Bytes of the file that nobody shows.
    pub secrets: Vec<Range<usize>>,
}

impl<'a> Reading<'a> {
    /// `folder` is where relative paths begin; `variable` looks up the environment.
    pub fn new(folder: &'a Path, variable: &'a dyn Fn(&str) -> Option<String>) -> Reading<'a> {
        Reading { folder, variable, complaints: Vec::new(), secrets: Vec::new() }
    }

    pub fn complain(&mut self, complaint: Complaint) {
        self.complaints.push(complaint);
    }

    /// A path, relative to the configuration file.
    pub fn path(&self, written: &str) -> PathBuf {
        self.folder.join(written)
    }

    pub fn optional_path(&mut self, written: Option<&Written<String>>) -> Option<PathBuf> {
        self.text(written).map(|text| self.path(&text))
    }

    /// What was written, if anything was; the empty text is none and complained of.
    pub fn text(&mut self, written: Option<&Written<String>>) -> Option<String> {
        let Written { value, span } = written?;
        if value.trim().is_empty() {
            self.complain(
                Complaint::new(span, "this is empty").help("leave the key out, or give it a value"),
            );
            return None;
        }
        Some(value.clone())
    }

    pub fn duration(&mut self, written: Option<&Written<DurationText>>) -> Option<SignedDuration> {
        let Written { value: DurationText(text), span } = written?;
        let duration = duration::parse(text);
        if duration.is_none() {
            self.complain(
                Complaint::new(span, format!("`{text}` is no duration"))
                    .help("a number and a unit: \"30s\", \"15m\", \"12h\", \"7d\" or \"2w\""),
            );
        }
        duration
    }

    /// A duration to wait for something: never zero.
    pub fn timeout(
        &mut self,
        written: Option<&Written<DurationText>>,
        default: std::time::Duration,
    ) -> std::time::Duration {
        let Some(duration) = self.duration(written) else { return default };
        if let Some(Written { span, .. }) = written.filter(|_| duration.is_zero()) {
            self.complain(Complaint::new(span, "nothing is done in no time").help("at least \"1s\""));
        }
        duration.unsigned_abs()
    }

    pub fn date(&mut self, written: Option<&Written<DateText>>) -> Option<Date> {
        let Written { value: DateText(written), span } = written?;
        let date = written.date.and_then(|day| {
            let (year, month) = (i16::try_from(day.year).ok()?, i8::try_from(day.month).ok()?);
            Date::new(year, month, i8::try_from(day.day).ok()?).ok()
        });
        if date.is_none() {
            self.complain(Complaint::new(span, "there is no such day"));
        }
        date
    }

    /// The text for a complaint, unless it looks like an address with a password in it.
    pub fn shown(&mut self, written: &Written<String>) -> String {
        if written.value.contains('@') {
            self.secrets.push(written.span.clone());
            return "this".to_owned();
        }
        format!("`{}`", written.value)
    }

    /// An address with one of these schemes, the first of which is the one to recommend.
    pub fn url(&mut self, written: &Written<String>, schemes: &[&str]) -> Option<Url> {
        let Written { value, span } = written;
        let help = format!("write it as {}://host", schemes[0]);
        let Ok(url) = Url::parse(value.trim()) else {
            let shown = self.shown(written);
            self.complain(Complaint::new(span, format!("{shown} is no address")).help(help));
            return None;
        };
        if !url.username().is_empty() || url.password().is_some() {
            self.secrets.push(span.clone());
            let complaint = Complaint::new(span, "an address carries no username and no password");
            self.complain(complaint.help("secrets are never written in this file"));
            return None;
        }
        if !schemes.contains(&url.scheme()) {
            let message = format!("`{}` is no scheme to use here", url.scheme());
            self.complain(Complaint::new(span, message).help(help));
            return None;
        }
        Some(url)
    }

    /// Refuses an unencrypted connection to another machine.
    pub fn refuse_plaintext(&mut self, url: &Url, span: &Range<usize>, allowed: Option<bool>, help: &str) {
        if allowed != Some(true) && !is_loopback(url) {
            let message = format!(
                "`{url}` is not encrypted: secrets and personal data would cross the network in the clear"
            );
            let help = format!("{help}, or add `allow_plaintext = true` to this section to take the risk");
            self.complain(Complaint::new(span, message).help(help));
        }
    }

    /// Finds a secret. `what` is its key, for the complaint.
    pub fn secret(&mut self, written: &Written<Secret>, what: &str) -> Option<SecretString> {
        let Written { value, span } = written;
        let source = match (&value.env, &value.file, &value.command, &value.credential) {
            (Some(name), None, None, None) if !is_variable_name(name) => {
                self.secrets.push(span.clone());
                let message = format!("`{what}`: what `env` says is no name of an environment variable");
                self.complain(Complaint::new(span, message).help("env = \"NAME\", not the secret itself"));
                return None;
            }
            (Some(name), None, None, None) => SecretSource::Env(name.clone()),
            (None, Some(file), None, None) => SecretSource::File(self.path(file)),
            (None, None, Some(command), None) => SecretSource::Command(self.command(command)),
            (None, None, None, Some(name)) => SecretSource::Credential(name.clone()),
            (Some(_) | None, Some(_) | None, Some(_) | None, Some(_) | None) => {
                let message =
                    format!("`{what}` needs exactly one of `env`, `file`, `command` and `credential`");
                self.complain(Complaint::new(span, message).help("write one: { env = \"NAME\" }"));
                return None;
            }
        };
        match source.resolve(self.variable) {
            Ok(secret) => Some(secret),
            Err(error) => {
                let mut message = format!("there is no `{what}`: {error}");
                if let Some(cause) = error.source() {
                    message.push_str(&format!(": {cause}"));
                }
                let help = format!("provide it, or say in `{what}` where else it is");
                self.complain(Complaint::new(span, message).help(help));
                None
            }
        }
    }

    /// A program with a slash in its name lies where paths of the configuration lie; any other is searched in `PATH`.
    fn command(&self, command: &[String]) -> Vec<String> {
        let mut command = command.to_vec();
        if let Some(program) = command.first_mut().filter(|program| program.contains('/')) {
            *program = self.path(program).to_string_lossy().into_owned();
        }
        command
    }
}

fn is_variable_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(fits) && name.starts_with(|c: char| !c.is_ascii_digit())
}

/// Whether this is the machine itself.
pub fn is_loopback(url: &Url) -> bool {
    // The host of `ldap:` is opaque to the parser of addresses, so an IP address in it is still text.
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            let is_address = name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
            is_address || name.eq_ignore_ascii_case("localhost")
        }
        None => false,
    }
}
