//! Long attributes of Active Directory, which come in pieces: `member;range=0-1499` (MS-ADTS 3.1.1.3.1.3.3).

use ldap3::Scope;

use crate::sources::ldap::connection::{Connection, Query};
use crate::sources::ldap::entry::{Entry, EntryAttribute};

/// A group of more pieces than this is taken for one without end.
const MOST_PIECES: usize = 100_000;

/// How often one begins again because the entry changed meanwhile.
const MOST_ATTEMPTS: usize = 3;

/// The number of an entry's latest change, as this server counts them (MS-ADTS 3.1.1.1.9).
const CHANGE: &str = "uSNChanged";

/// The entry with all its pieces fetched and joined. A piece stays in it as a piece where the rest could not be
/// had, so that nobody takes it for the whole.
pub async fn whole(connection: &Connection, mut entry: Entry) -> Entry {
    let Some(piece) = entry.attributes.iter().find(|attribute| attribute.range().is_some()) else {
        return entry;
    };
    let name = piece.description.split(';').next().unwrap_or_default().to_owned();
    for _ in 0..MOST_ATTEMPTS {
        match pieces(connection, &entry.dn, &name).await {
            Attempt::Whole(values) => {
                entry.attributes.retain(|attribute| !attribute.is(&name));
                entry.attributes.push(EntryAttribute { description: name, values });
                return entry;
            }
            Attempt::Changed => {}
            Attempt::Failed => return entry,
        }
    }
    entry
}

enum Attempt {
    Whole(Vec<Vec<u8>>),
    /// Pieces of different times do not make a whole: whoever was removed from one shifts all that follow.
    Changed,
    Failed,
}

async fn pieces(connection: &Connection, dn: &str, name: &str) -> Attempt {
    let mut values: Vec<Vec<u8>> = Vec::new();
    let mut of = None;
    let mut first = 0;
    for _ in 0..MOST_PIECES {
        let Some((piece, change)) = piece(connection, dn, name, first).await else { return Attempt::Failed };
        if *of.get_or_insert_with(|| change.clone()) != change {
            return Attempt::Changed;
        }
        let Some(range) = piece.range().filter(|range| range.first == first) else { return Attempt::Failed };
        values.extend(piece.values);
        match range.last {
            None => return Attempt::Whole(values),
            Some(last) if last >= first && values.len() == last + 1 => first = last + 1,
            Some(_) => return Attempt::Failed,
        }
    }
    Attempt::Failed
}

/// The piece that begins at this value, and the number of the entry's latest change, where it is shown.
async fn piece(
    connection: &Connection,
    dn: &str,
    name: &str,
    first: usize,
) -> Option<(EntryAttribute, Option<String>)> {
    let attributes = [format!("{name};range={first}-*"), CHANGE.to_owned()];
    let query = Query { base: dn, scope: Scope::Base, filter: "(objectClass=*)", attributes: &attributes };
    let mut found = None;
    let searched = connection.search(query, |entry| {
        let change = entry.text(CHANGE).map(str::to_owned);
        let mut pieces = entry.attributes.into_iter();
        found = pieces.find(|piece| piece.is(name) && piece.range().is_some()).map(|piece| (piece, change));
    });
    searched.await.ok()?;
    found
}
