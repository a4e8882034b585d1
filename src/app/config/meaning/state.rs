//! What `[state]` means.

use url::Url;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::reading::{Reading, is_loopback};
use crate::app::config::written::Written;
use crate::store::place::{Place, Server};

/// Where seatsync remembers.
#[derive(Debug, Clone)]
pub struct StateConfig {
    pub place: Place,
}

/// `None` where something was complained of.
pub fn state(file: &File, reading: &mut Reading<'_>) -> Option<StateConfig> {
    let written = file.state.as_ref().map(|state| &state.value);
    let place = match written.and_then(|state| state.url.as_ref()) {
        Some(url) if is_postgres(&url.value) => {
            let address = server_url(url, reading);
            let password = match written.and_then(|state| state.password.as_ref()) {
                Some(password) => Some(reading.secret(password, "password")?),
                None => None,
            };
            Place::Server(Server::new(address?, password.as_ref()))
        }
        Some(url) => file_place(url, reading)?,
        None => Place::File(reading.path("seatsync.db")),
    };
    Some(StateConfig { place })
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn file_place(written: &Written<String>, reading: &mut Reading<'_>) -> Option<Place> {
    let path = written.value.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path {
        Some(path) if !path.is_empty() && path != ":memory:" => Some(Place::File(reading.path(path))),
        Some(_) | None => {
            let shown = reading.shown(written);
            let complaint = Complaint::new(&written.span, format!("{shown} names no place to remember in"));
            reading.complain(
                complaint.help("write it as \"sqlite:seatsync.db\" or \"postgres://NAME@HOST/DATABASE\""),
            );
            None
        }
    }
}

/// What may follow the `?`: what sqlx understands of libpq's parameters.
const PARAMETERS: [&str; 11] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// The address, with files where the configuration says, and with TLS unless it says otherwise.
fn server_url(written: &Written<String>, reading: &mut Reading<'_>) -> Option<Url> {
    let Written { value, span } = written;
    // It may have a password in it, also where it is not understood.
    reading.secrets.push(span.clone());
    if !cfg!(feature = "postgres") {
        let complaint = Complaint::new(span, "this seatsync was built without PostgreSQL");
        reading.complain(
            complaint
                .help("build it with the feature `postgres`, or use a file: url = \"sqlite:seatsync.db\""),
        );
        return None;
    }
    let url = Url::parse(value.trim()).ok().filter(|url| {
        let path = url.path().trim_start_matches('/');
        !path.contains(['/', '@']) && url.fragment().is_none()
    });
    let Some(mut url) = url else {
        let complaint = Complaint::new(span, "this is no address of a database");
        reading.complain(complaint.help(
            "write it as \"postgres://NAME@HOST/DATABASE\"; in a password `/`, `?`, `#`, `@`, `:` and `%` are written as `%2F` and so on",
        ));
        return None;
    };
    let parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let is_known = |key: &str| PARAMETERS.contains(&key) || key.starts_with("options[");
    if parameters.iter().any(|(key, _)| !is_known(key)) {
        let complaint = Complaint::new(span, "the address has a parameter that is not known here");
        let help =
            format!("known are: {}; a password is better in `[state] password`", PARAMETERS.join(", "));
        reading.complain(complaint.help(help));
        return None;
    }
    url.set_query(None);
    for (key, value) in &parameters {
        let is_file = ["sslcert", "sslkey", "sslrootcert"].contains(&key.as_str());
        let path = is_file.then(|| reading.path(value).to_string_lossy().into_owned());
        url.query_pairs_mut().append_pair(key, path.as_deref().unwrap_or(value));
    }
    let says_otherwise =
        parameters.iter().any(|(key, _)| ["host", "hostaddr", "sslmode"].contains(&key.as_str()));
    if url.host().is_some() && !is_loopback(&url) && !says_otherwise {
        url.query_pairs_mut().append_pair("sslmode", "verify-full");
    }
    Some(url)
}
