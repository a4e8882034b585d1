//! Who may sign: a file of allowed signers, as ssh-keygen(1) describes it under ALLOWED SIGNERS.

use std::collections::BTreeSet;
use std::io;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use crate::model::approval::{Signer, Unaccepted};

/// What a signature is for: one made for anything else (a commit, a file, a login) is no approval.
pub const NAMESPACE: &str = "seatsync";

/// The lines of a file of allowed signers.
#[derive(Debug, Clone)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
}

/// Why a file does not say who may sign. One line that is not understood spoils the whole: nobody is guessed.
#[derive(Debug, thiserror::Error)]
pub enum SignersError {
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    #[error("it names nobody")]
    Empty,
    #[error("line {line}: `cert-authority` is not supported: name each key that may sign")]
    CertAuthority { line: usize },
    #[error("line {line}: `{name}` is a pattern and names nobody in particular")]
    Pattern { line: usize, name: String },
    #[error("line {line}: the option `{option}` is not known")]
    Option { line: usize, option: String },
    #[error("line {line}: `{written}` is no time: write it as 20270331 or 20270331235959Z")]
    Time { line: usize, written: String },
    #[error("line {line} lacks names, or a key")]
    Short { line: usize },
    #[error("line {line} has no public key that can be read")]
    Key {
        line: usize,
        #[source]
        cause: ssh_key::Error,
    },
    #[error("line {line}: an RSA key of less than 2048 bits proves nothing")]
    Weak { line: usize },
}

#[derive(Debug, Clone)]
struct Entry {
    names: BTreeSet<Box<str>>,
    /// Patterns of namespaces; `None`: any.
    namespaces: Option<Vec<String>>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
    key: KeyData,
}

impl AllowedSigners {
    pub fn parse(text: &str) -> Result<AllowedSigners, SignersError> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let entries = lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(number, line)| entry(number, line))
            .collect::<Result<Vec<Entry>, SignersError>>()?;
        if entries.is_empty() { Err(SignersError::Empty) } else { Ok(AllowedSigners { entries }) }
    }

    /// Whose key this is, and whether it may sign for seatsync at this time.
    pub fn signer(&self, key: &KeyData, now: Timestamp) -> Result<Signer, Unaccepted> {
        let shown: Box<str> = key.fingerprint(HashAlg::Sha256).to_string().into();
        let mut refused = Unaccepted::Stranger { key: shown.clone() };
        for entry in self.entries.iter().filter(|entry| entry.key == *key) {
            match entry.admits(&shown, now) {
                Ok(()) => return Ok(Signer { names: self.all_names(&entry.names), key: shown }),
                Err(because) => refused = because,
            }
        }
        Err(refused)
    }

    /// Names that share a line, or a key, are one person's.
    fn all_names(&self, some: &BTreeSet<Box<str>>) -> BTreeSet<Box<str>> {
        let mut names = some.clone();
        loop {
            let keys: Vec<&KeyData> = self
                .entries
                .iter()
                .filter(|entry| !entry.names.is_disjoint(&names))
                .map(|entry| &entry.key)
                .collect();
            let more = self.entries.iter().filter(|entry| keys.contains(&&entry.key));
            let all: BTreeSet<Box<str>> = more.flat_map(|entry| entry.names.iter().cloned()).collect();
            if all == names {
                return names;
            }
            names = all;
        }
    }
}

impl Entry {
    fn admits(&self, key: &str, now: Timestamp) -> Result<(), Unaccepted> {
        let key = || Box::from(key);
        if self.namespaces.as_ref().is_some_and(|patterns| !matches_any(patterns, NAMESPACE)) {
            return Err(Unaccepted::OtherPurpose { key: key() });
        }
        if let Some(after) = self.valid_after.filter(|after| now < *after) {
            return Err(Unaccepted::NotYet { key: key(), after });
        }
        if let Some(before) = self.valid_before.filter(|before| now >= *before) {
            return Err(Unaccepted::NoLonger { key: key(), before });
        }
        Ok(())
    }
}

fn entry(line: usize, text: &str) -> Result<Entry, SignersError> {
    let (names, rest) = text.split_once(char::is_whitespace).ok_or(SignersError::Short { line })?;
    let mut entry = Entry {
        names: names_of(line, names)?,
        namespaces: None,
        valid_after: None,
        valid_before: None,
        // Replaced below; every way there reads a key.
        key: KeyData::Ed25519(ssh_key::public::Ed25519PublicKey([0; 32])),
    };
    let mut rest = rest.trim_start();
    if !is_key_type(rest.split_whitespace().next().unwrap_or_default()) {
        let (options, key) = split_options(rest).ok_or(SignersError::Short { line })?;
        for option in options {
            apply_option(&mut entry, line, &option)?;
        }
        rest = key;
    }
    let key = PublicKey::from_openssh(rest).map_err(|cause| SignersError::Key { line, cause })?;
    entry.key = key.key_data().clone();
    let is_weak = |key: &ssh_key::public::RsaPublicKey| {
        key.n.as_positive_bytes().is_none_or(|modulus| modulus.len() < 256)
    };
    if entry.key.rsa().is_some_and(is_weak) {
        return Err(SignersError::Weak { line });
    }
    Ok(entry)
}

fn names_of(line: usize, written: &str) -> Result<BTreeSet<Box<str>>, SignersError> {
    let written = written.trim_matches('"');
    let names: BTreeSet<Box<str>> =
        written.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Box::from).collect();
    if let Some(name) = names.iter().find(|name| name.contains(['*', '?', '!'])) {
        return Err(SignersError::Pattern { line, name: name.to_string() });
    }
    if names.is_empty() { Err(SignersError::Short { line }) } else { Ok(names) }
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|beginning| word.starts_with(beginning))
}

/// Options end at the first blank outside quotes, and are parted by commas outside quotes.
fn split_options(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut options, mut option, mut quoted) = (Vec::new(), String::new(), false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => options.push(std::mem::take(&mut option)),
            letter if letter.is_whitespace() && !quoted => {
                options.push(option);
                return Some((options, text[at..].trim_start()));
            }
            letter => option.push(letter),
        }
    }
    None
}

fn apply_option(entry: &mut Entry, line: usize, option: &str) -> Result<(), SignersError> {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    match name.to_ascii_lowercase().as_str() {
        "cert-authority" => return Err(SignersError::CertAuthority { line }),
        "namespaces" => entry.namespaces = Some(value.split(',').map(|one| one.trim().to_owned()).collect()),
        "valid-after" => entry.valid_after = Some(time(line, value)?),
        "valid-before" => entry.valid_before = Some(time(line, value)?),
        _ => return Err(SignersError::Option { line, option: name.to_owned() }),
    }
    Ok(())
}

/// `YYYYMMDD[Z]` or `YYYYMMDDHHMM[SS][Z]`; always in UTC, as all times of seatsync.
fn time(line: usize, written: &str) -> Result<Timestamp, SignersError> {
    let digits = written.strip_suffix('Z').unwrap_or(written);
    let padded = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        _ => digits.to_owned(),
    };
    let is_number = padded.len() == 14 && padded.bytes().all(|byte| byte.is_ascii_digit());
    let read = is_number.then(|| DateTime::strptime("%Y%m%d%H%M%S", &padded).ok()).flatten();
    read.and_then(|at| at.to_zoned(TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp())
        .ok_or_else(|| SignersError::Time { line, written: written.to_owned() })
}

/// A list of patterns as in ssh_config(5): `*`, `?`, and `!` before one that must not match.
fn matches_any(patterns: &[String], text: &str) -> bool {
    let denied = patterns.iter().filter_map(|one| one.strip_prefix('!')).any(|one| matches(one, text));
    !denied && patterns.iter().any(|one| !one.starts_with('!') && matches(one, text))
}

fn matches(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
        }
        Some(letter) => text
            .chars()
            .next()
            .filter(|first| letter == '?' || letter == *first)
            .is_some_and(|first| matches(letters.as_str(), &text[first.len_utf8()..])),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use ssh_key::PublicKey;

    use crate::model::approval::Unaccepted;
    use crate::signatures::allowed_signers::AllowedSigners;

    const ADA: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti ada";
    const BOB: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+hFcJzNaWriaU57UeMn+k4eheA/4h9qmi3foH1yjb0 bob";

    fn now() -> Timestamp {
        "2026-11-22T04:00:00Z".parse().unwrap()
    }

    fn ask(file: &str, key: &str) -> Result<Vec<String>, Unaccepted> {
        let key = PublicKey::from_openssh(key).unwrap();
        let signer = AllowedSigners::parse(file).unwrap().signer(key.key_data(), now())?;
        Ok(signer.names.iter().map(|name| name.to_string()).collect())
    }

    #[test]
    fn a_key_belongs_to_all_names_that_share_a_line_or_a_key() {
        let file = format!("# signers\n\nada@x,root {ADA}\n\"bob@x\" {BOB}\nroot {BOB}\n");
        assert_eq!(ask(&file, ADA), Ok(vec!["ada@x".to_owned(), "bob@x".to_owned(), "root".to_owned()]));
        let file = format!("ada@x {ADA}\nbob@x {BOB}\n");
        assert_eq!(ask(&file, BOB), Ok(vec!["bob@x".to_owned()]));
        assert!(matches!(ask(&format!("ada@x {ADA}\n"), BOB), Err(Unaccepted::Stranger { .. })));
    }

    #[test]
    fn options_say_for_what_and_when_a_key_may_sign() {
        let with = |options: &str| ask(&format!("ada@x {options} {ADA}"), ADA);
        assert!(with("namespaces=\"git,seatsync\"").is_ok());
        assert!(with("namespaces=\"seat*\",valid-before=\"20261122040001Z\"").is_ok());
        assert!(matches!(with("namespaces=\"git\""), Err(Unaccepted::OtherPurpose { .. })));
        assert!(matches!(with("namespaces=\"*,!seatsync\""), Err(Unaccepted::OtherPurpose { .. })));
        assert!(matches!(with("valid-before=\"20261122\""), Err(Unaccepted::NoLonger { .. })));
        assert!(matches!(with("valid-after=\"202611220401Z\""), Err(Unaccepted::NotYet { .. })));
    }

    #[test]
    fn a_line_that_is_not_understood_spoils_the_file() {
        for (line, words) in [
            (String::new(), "it names nobody"),
            (format!("ada@x cert-authority {ADA}"), "line 1: `cert-authority` is not supported"),
            (format!("*@x {ADA}"), "line 1: `*@x` is a pattern"),
            (format!("ada@x no-touch-required {ADA}"), "the option `no-touch-required` is not known"),
            (format!("ada@x valid-before=\"tomorrow\" {ADA}"), "`tomorrow` is no time"),
            (format!("ada@x valid-before=\"20261332\" {ADA}"), "`20261332` is no time"),
            ("ada@x ssh-ed25519 AAAA".to_owned(), "line 1 has no public key"),
            (ADA.to_owned(), "line 1"),
            ("ada@x".to_owned(), "line 1 lacks names, or a key"),
        ] {
            let error = AllowedSigners::parse(&line).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
