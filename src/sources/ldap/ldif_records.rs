//! The content records of an LDIF file (RFC 2849), one by one; whatever is no such record is refused with its line.

use std::borrow::Cow;
use std::io::BufRead;

use data_encoding::BASE64;

use crate::sources::ldap::entry::{Entry, EntryAttribute};

/// Why a file was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Counted from 1.
    pub line: usize,
    pub because: String,
}

/// Hands over the records of a file, each with the line it starts at, and with the attributes of which `kept` says so.
pub fn read(
    file: impl BufRead,
    kept: impl Fn(&str) -> bool,
    mut each: impl FnMut(usize, Entry) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut lines = Lines { file, number: 0, ahead: None };
    let mut record: Option<(usize, Record)> = None;
    let mut entries = 0_u64;
    while let Some((number, line)) = lines.next()? {
        if line.is_empty() {
            if let Some((start, Record::Entry(entry))) = record.take() {
                entries += 1;
                each(start, entry)?;
            }
            continue;
        }
        if line.starts_with('#') {
            check_count(number, &line, &mut entries)?;
            continue;
        }
        let refused = |because: String| Refusal { line: number, because };
        let (name, value) = attribute(&line).map_err(refused)?;
        match &mut record {
            None if name.eq_ignore_ascii_case("version") => {
                if *value != *b"1" {
                    return Err(refused("only version 1 of LDIF is known".to_owned()));
                }
            }
            None => record = Some((number, Record::begin(name, &value).map_err(refused)?)),
            Some((_, Record::Entry(entry))) => {
                if name.eq_ignore_ascii_case("changetype") || name.eq_ignore_ascii_case("control") {
                    return Err(refused(
                        "this is a record of changes, and a content record is needed".to_owned(),
                    ));
                }
                if kept(name.split(';').next().unwrap_or_default()) {
                    add(entry, name, value.into_owned());
                }
            }
            Some((_, Record::Trailer)) => check_result(name, &value).map_err(refused)?,
        }
    }
    if let Some((start, Record::Entry(entry))) = record {
        each(start, entry)?;
    }
    Ok(())
}

/// What a record turned out to be.
enum Record {
    Entry(Entry),
    /// What `ldapsearch` says of its own success.
    Trailer,
}

impl Record {
    fn begin(name: &str, value: &[u8]) -> Result<Record, String> {
        if name.eq_ignore_ascii_case("dn") {
            let dn = String::from_utf8(value.to_vec()).map_err(|_| "the DN is no text".to_owned())?;
            return Ok(Record::Entry(Entry { dn, attributes: Vec::new() }));
        }
        if name.eq_ignore_ascii_case("search") || name.eq_ignore_ascii_case("result") {
            check_result(name, value)?;
            return Ok(Record::Trailer);
        }
        if name.eq_ignore_ascii_case("ref") {
            return Err("the export leaves a part to another server".to_owned());
        }
        Err(format!("a record starts with `dn:`, and this one with `{name}:`"))
    }
}

/// `result: 4 Size limit exceeded` at the end of an export means that it is not whole.
fn check_result(name: &str, value: &[u8]) -> Result<(), String> {
    let said = String::from_utf8_lossy(value);
    if name.eq_ignore_ascii_case("result") && said.split(' ').next() != Some("0") {
        return Err(format!("the export is not whole: it ends with result `{said}`"));
    }
    Ok(())
}

/// `# numEntries: 5`, in which `ldapsearch` counts what it wrote. A file may hold several exports in a row.
fn check_count(line: usize, comment: &str, entries: &mut u64) -> Result<(), Refusal> {
    let Some(count) = comment.strip_prefix("# numEntries: ") else { return Ok(()) };
    let held = std::mem::take(entries);
    if count.trim().parse() == Ok(held) {
        return Ok(());
    }
    Err(Refusal {
        line,
        because: format!("the export says that it holds {count} entries, and it holds {held}"),
    })
}

fn add(entry: &mut Entry, name: &str, value: Vec<u8>) {
    match entry.attributes.iter_mut().find(|held| held.description.eq_ignore_ascii_case(name)) {
        Some(held) => held.values.push(value),
        None => entry.attributes.push(EntryAttribute { description: name.to_owned(), values: vec![value] }),
    }
}

/// `name: value`, `name:: base64`, or `name:< URL`, which is refused: an export is to stand for itself.
fn attribute(line: &str) -> Result<(&str, Cow<'_, [u8]>), String> {
    let (name, rest) = line.split_once(':').ok_or("there is no `:` in this line")?;
    let well_named = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';' | '_' | '=' | '*'));
    if !well_named {
        return Err("this line does not start with the name of an attribute".to_owned());
    }
    let value = match rest.as_bytes().first() {
        Some(b'<') => return Err(format!("the value of `{name}` is a URL, and none is followed")),
        Some(b':') => BASE64
            .decode(rest[1..].trim_matches(' ').as_bytes())
            .map_err(|_| format!("the value of `{name}` is no base64"))?
            .into(),
        Some(_) | None => rest.trim_start_matches(' ').as_bytes().into(),
    };
    Ok((name, value))
}

/// Lines with their folding undone.
struct Lines<R> {
    file: R,
    number: usize,
    ahead: Option<String>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<(usize, String)>, Refusal> {
        let Some(mut line) = self.physical()? else { return Ok(None) };
        let number = self.number;
        if line.starts_with(' ') {
            return Err(Refusal { line: number, because: "this line continues nothing".to_owned() });
        }
        while let Some(next) = self.physical()? {
            match next.strip_prefix(' ') {
                Some(more) if !line.is_empty() => line.push_str(more),
                Some(_) | None => {
                    self.ahead = Some(next);
                    self.number -= 1;
                    break;
                }
            }
        }
        Ok(Some((number, line)))
    }

    fn physical(&mut self) -> Result<Option<String>, Refusal> {
        if let Some(line) = self.ahead.take() {
            self.number += 1;
            return Ok(Some(line));
        }
        let mut line = String::new();
        self.number += 1;
        let refused = |because: String| Refusal { line: self.number, because };
        let read = self.file.read_line(&mut line).map_err(|cause| refused(cause.to_string()))?;
        if read == 0 {
            self.number -= 1;
            return Ok(None);
        }
        if line.pop() != Some('\n') {
            return Err(refused("the file ends in the middle of this line".to_owned()));
        }
        if line.ends_with('\r') {
            line.pop();
        }
        if self.number == 1 && line.starts_with('\u{feff}') {
            line.remove(0);
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::entry::Entry;
    use crate::sources::ldap::ldif_records::{Refusal, read};

    fn entries(text: &str) -> Result<Vec<Entry>, Refusal> {
        let mut entries = Vec::new();
        read(
            text.as_bytes(),
            |_| true,
            |_, entry| {
                entries.push(entry);
                Ok(())
            },
        )?;
        Ok(entries)
    }

    fn refused(text: &str) -> String {
        let refusal = entries(text).unwrap_err();
        format!("{}: {}", refusal.line, refusal.because)
    }

    #[test]
    fn folding_base64_comments_and_options_are_undone() {
        let text = "version: 1\r\n# a comment\r\n  that goes on\r\ndn: cn=Ada\r\n  Byron,dc=x\r\ncn;lang-de:: w5w=\r\n\
                    cn: a:b\r\nCN: second\r\n\r\n\r\ndn:: Y249w5w=\r\ncn:\r\n";
        let entries = entries(text).unwrap();
        assert_eq!(entries[0].dn, "cn=Ada Byron,dc=x");
        assert_eq!(entries[0].texts("cn").collect::<Vec<_>>(), ["a:b", "second"]);
        assert_eq!(entries[0].attributes[0].description, "cn;lang-de");
        assert_eq!(entries[0].attributes[0].values, ["Ü".as_bytes()]);
        assert_eq!(entries[1].dn, "cn=Ü");
        assert_eq!(entries[1].values("cn").collect::<Vec<_>>(), [b""]);
    }

    #[test]
    fn what_is_no_content_record_is_refused_with_its_line() {
        assert_eq!(
            refused("dn: cn=a\nchangetype: delete\n"),
            "2: this is a record of changes, and a content record is needed"
        );
        assert_eq!(
            refused("dn: cn=a\n\ndn: cn=b\njpegPhoto:< file:///etc/shadow\n"),
            "4: the value of `jpegPhoto` is a URL, and none is followed"
        );
        assert_eq!(refused("dn: cn=a\nmail:: ###\n"), "2: the value of `mail` is no base64");
        assert_eq!(refused("dn: cn=a\nfolded: a\n b\n\n c\n"), "5: this line continues nothing");
        assert_eq!(refused("cn: a\n"), "1: a record starts with `dn:`, and this one with `cn:`");
        assert_eq!(refused("dn: cn=a\nnonsense\n"), "2: there is no `:` in this line");
        assert_eq!(
            refused("dn: cn=a\n<<<<<<: x\n"),
            "2: this line does not start with the name of an attribute"
        );
        assert_eq!(refused("version: 2\n"), "1: only version 1 of LDIF is known");
    }

    #[test]
    fn a_file_cut_short_is_refused() {
        assert_eq!(refused("dn: cn=a\nmail: a@exa"), "2: the file ends in the middle of this line");
    }

    #[test]
    fn an_export_that_says_it_is_not_whole_is_refused() {
        assert_eq!(
            refused("dn: cn=a\n\n# search result\nsearch: 2\nresult: 4 Size limit exceeded\n"),
            "5: the export is not whole: it ends with result `4 Size limit exceeded`"
        );
        assert_eq!(
            refused("dn: cn=a\n\nsearch: 2\nresult: 0 Success\n\n# numResponses: 3\n# numEntries: 2\n"),
            "7: the export says that it holds 2 entries, and it holds 1"
        );
        assert!(entries("dn: cn=a\n\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1\n").is_ok());
    }
}
