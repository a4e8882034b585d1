//! What `[serve]` and `[[schedule]]` mean.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use secrecy::SecretString;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::file::serve as file;
use crate::app::config::meaning::sign_in::{SignInConfig, sign_in};
use crate::app::config::meaning::sources::scim_push::receivers;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::app::serve::schedule::{Mode, Schedule, When, parse_cron};
use crate::app::token::TokenDigest;
use crate::model::person::SourceName;

/// The sidecar.
#[derive(Debug)]
pub struct ServeConfig {
    /// Beyond loopback only with TLS, or where that was allowed explicitly.
    pub listen: SocketAddr,
    pub tls: Option<TlsFiles>,
    /// `None`: nobody may ask for runs or read plans.
    pub token: Option<SecretString>,
    /// The folder that people put approvals into.
    pub approved: Option<PathBuf>,
    /// Who may push over SCIM into which source.
    pub receivers: BTreeMap<SourceName, Vec<TokenDigest>>,
    /// `None`: there are no pages.
    pub sign_in: Option<SignInConfig>,
    /// At least one, each of its own name.
    pub schedules: Vec<Schedule>,
}

/// Both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// `None` where something was complained of.
pub fn serve(file: &File, reading: &mut Reading<'_>) -> Option<ServeConfig> {
    let schedules = schedules(file, reading);
    let receivers = receivers(file, reading);
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 8930));
    let Some(section) = &file.serve else {
        return Some(ServeConfig {
            listen: default,
            tls: None,
            token: None,
            approved: None,
            receivers,
            sign_in: None,
            schedules,
        });
    };
    let written = &section.value;
    let tls = tls(section, reading);
    let listen = match &written.listen {
        None => Some(default),
        Some(listen) => address(listen, reading),
    };
    if let (Some(listen), Some(Written { span, .. }), None) = (listen, &written.listen, &tls)
        && !listen.ip().is_loopback()
        && written.allow_plaintext != Some(true)
    {
        let message = format!("whoever connects to `{listen}` from another machine would not be encrypted");
        reading.complain(Complaint::new(span, message).help(
            "add `certificate` and `key`, listen on 127.0.0.1, or say `allow_plaintext = true` behind a proxy",
        ));
    }
    let approved = reading.optional_path(written.approved.as_ref());
    let token = match &written.token {
        None => None,
        Some(token) => Some(reading.secret(token, "token")?),
    };
    let sign_in = match &written.sign_in {
        None => None,
        Some(section) => Some(sign_in(section, reading)?),
    };
    Some(ServeConfig { listen: listen?, tls, token, approved, receivers, sign_in, schedules })
}

fn address(written: &Written<String>, reading: &mut Reading<'_>) -> Option<SocketAddr> {
    let address = written.value.trim().replace("localhost:", "127.0.0.1:").parse().ok();
    if address.is_none() {
        let complaint = Complaint::new(&written.span, format!("`{}` is no address and port", written.value));
        reading.complain(complaint.help("write it as \"127.0.0.1:8930\", \"0.0.0.0:8930\" or \"[::]:8930\""));
    }
    address
}

fn tls(section: &Written<file::Serve>, reading: &mut Reading<'_>) -> Option<TlsFiles> {
    let certificate = reading.optional_path(section.value.certificate.as_ref());
    let key = reading.optional_path(section.value.key.as_ref());
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let complaint = Complaint::new(&section.span, "`certificate` and `key` go together");
            reading.complain(complaint.help("write both"));
            None
        }
    }
}

/// Where none is written: a report every hour, which changes nothing.
fn schedules(file: &File, reading: &mut Reading<'_>) -> Vec<Schedule> {
    if file.schedule.is_empty() {
        let when = When::Every(SignedDuration::from_hours(1));
        let jitter = SignedDuration::ZERO;
        return vec![Schedule { name: "hourly".to_owned(), when, jitter, mode: Mode::Report }];
    }
    let mut names = BTreeSet::new();
    for name in file.schedule.iter().filter_map(|schedule| schedule.value.name.as_ref()) {
        if !names.insert(name.value.trim()) {
            let message = format!("two schedules are named `{}`", name.value.trim());
            reading.complain(Complaint::new(&name.span, message).help("give this one another name"));
        }
    }
    file.schedule.iter().filter_map(|section| schedule(section, reading)).collect()
}

fn schedule(section: &Written<file::Schedule>, reading: &mut Reading<'_>) -> Option<Schedule> {
    let written = &section.value;
    let name = reading.text(written.name.as_ref());
    let time_zone = time_zone(section, reading);
    let when = match (&written.cron, &written.every) {
        (Some(cron), None) => match parse_cron(&cron.value) {
            Ok(cron) => Some(When::Cron { cron: Box::new(cron), time_zone: time_zone? }),
            Err(because) => {
                let message = format!("`{}` is no time of cron: {because}", cron.value);
                reading.complain(Complaint::new(&cron.span, message).help(
                    "minute, hour, day of the month, month, weekday: cron = \"0 4 * * *\" is daily at four",
                ));
                None
            }
        },
        (None, Some(every)) => {
            let period = reading.duration(Some(every));
            if period.is_some_and(|period| period.is_zero()) {
                reading.complain(Complaint::new(&every.span, "runs need time between them"));
            }
            period.map(When::Every)
        }
        (None, None) | (Some(_), Some(_)) => {
            let complaint =
                Complaint::new(&section.span, "a schedule needs exactly one of `cron` and `every`");
            reading.complain(complaint.help("cron = \"0 4 * * *\", or every = \"15m\""));
            None
        }
    };
    let jitter = reading.duration(written.jitter.as_ref()).unwrap_or_default();
    let mode = written.mode.map_or(Mode::Report, |mode| match mode {
        file::Mode::Report => Mode::Report,
        file::Mode::Approve => Mode::Approve,
        file::Mode::Auto => Mode::Auto,
    });
    Some(Schedule { name: name?.trim().to_owned(), when: when?, jitter, mode })
}

fn time_zone(section: &Written<file::Schedule>, reading: &mut Reading<'_>) -> Option<TimeZone> {
    let Some(written) = &section.value.time_zone else { return Some(TimeZone::UTC) };
    if section.value.every.is_some() && section.value.cron.is_none() {
        let complaint = Complaint::new(&written.span, "`every` knows no clock, and so no time zone");
        reading.complain(complaint.help("remove it"));
    }
    let zone = TimeZone::get(written.value.trim()).ok();
    if zone.is_none() {
        let message = format!("this machine knows no time zone `{}`", written.value);
        reading.complain(
            Complaint::new(&written.span, message)
                .help("a name such as \"Europe/Zurich\"; they come with the package `tzdata` of the system"),
        );
    }
    zone
}
