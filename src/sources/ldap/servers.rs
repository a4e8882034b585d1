//! The servers that a URL stands for: itself, or those that DNS names for a domain (RFC 2782).

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use url::Url;

use crate::sources::ldap::config::{LdapConfig, Schema};

/// So many servers of a domain are tried; a domain that has more has them in the same places.
const MOST_SERVERS: usize = 16;

/// What a URL's scheme ends with whose host is a domain.
const BY_DOMAIN: &str = "+srv";

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `ldap`, `ldaps` or `ldapi`, with the name that its certificate and its service principal bear.
    pub url: Url,
    /// Where DNS says it is; empty: the system is to find out.
    pub addresses: Vec<IpAddr>,
}

impl Server {
    /// The name of the host, `localhost` where the URL has none; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        let host = self.url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
        host.trim_start_matches('[').trim_end_matches(']')
    }

    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(if self.url.scheme() == "ldaps" { 636 } else { 389 })
    }
}

/// The servers of one URL, in the order in which they are to be tried, or why there are none.
pub async fn servers(config: &LdapConfig, url: &Url) -> Result<Vec<Server>, String> {
    let Some(scheme) = url.scheme().strip_suffix(BY_DOMAIN) else {
        return Ok(vec![Server { url: url.clone(), addresses: Vec::new() }]);
    };
    let domain = url.host_str().unwrap_or_default();
    let resolver = resolver(&config.dns_servers).map_err(|error| format!("DNS: {error}"))?;
    let looking = discover(&resolver, config.directory.schema, scheme, domain);
    let found = tokio::time::timeout(config.timeout, looking).await;
    found.unwrap_or_else(|_| Err(format!("no answer of DNS within {:?}", config.timeout)))
}

async fn discover(
    resolver: &TokioResolver,
    schema: Schema,
    scheme: &str,
    domain: &str,
) -> Result<Vec<Server>, String> {
    let mut asked = Vec::new();
    for service in services(schema, scheme) {
        let name = format!("{}.{domain}.", service.name);
        let records = match resolver.srv_lookup(name.as_str()).await {
            Ok(lookup) => lookup.answers().iter().filter_map(|record| candidate(&record.data)).collect(),
            Err(error) if error.is_no_records_found() => Vec::new(),
            Err(error) => return Err(format!("DNS: `{name}`: {}", words(&error))),
        };
        if records.is_empty() {
            asked.push(format!("`{name}`"));
            continue;
        }
        let chance = RandomState::new();
        let ordered = in_order(records, |below| chance.hash_one(below) % below);
        let inside = within(domain, ordered)?;
        return Ok(located(resolver, scheme, &service, inside).await);
    }
    Err(format!("DNS knows no server: neither {} exists", asked.join(" nor ")))
}

async fn located(
    resolver: &TokioResolver,
    scheme: &str,
    service: &Service,
    found: Vec<Candidate>,
) -> Vec<Server> {
    let mut servers = Vec::new();
    for Candidate { target, port, .. } in found.into_iter().take(MOST_SERVERS) {
        let port = service.port.unwrap_or(port);
        // An address that DNS does not know now, the system may know when the server is tried.
        let addresses = match resolver.lookup_ip(format!("{target}.")).await {
            Ok(lookup) => lookup.iter().collect(),
            Err(_) => Vec::new(),
        };
        servers.extend(
            Url::parse(&format!("{scheme}://{target}:{port}")).ok().map(|url| Server { url, addresses }),
        );
    }
    servers
}

/// What to ask DNS for.
struct Service {
    name: &'static str,
    /// The port to use, where the record's is that of another protocol.
    port: Option<u16>,
}

/// Active Directory registers its domain controllers apart, and none of their ports for LDAPS (MS-ADTS 6.3.2.3).
fn services(schema: Schema, scheme: &str) -> Vec<Service> {
    let port = (scheme == "ldaps").then_some(636);
    let mut services = Vec::new();
    if scheme == "ldaps" {
        services.push(Service { name: "_ldaps._tcp", port: None });
    }
    if schema == Schema::ActiveDirectory {
        services.push(Service { name: "_ldap._tcp.dc._msdcs", port });
    }
    services.push(Service { name: "_ldap._tcp", port });
    services
}

/// One record of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    priority: u16,
    weight: u16,
    port: u16,
    /// Without the last dot; empty where the service is decidedly not offered.
    target: String,
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the records of DNS are not ours to list")]
fn candidate(data: &RData) -> Option<Candidate> {
    match data {
        RData::SRV(record) => Some(Candidate {
            priority: record.priority,
            weight: record.weight,
            port: record.port,
            target: record.target.to_utf8().trim_end_matches('.').to_lowercase(),
        }),
        _ => None,
    }
}

/// By priority, and among equals by weight and chance (RFC 2782, "Usage rules"). `draw` gives a number below its argument.
fn in_order(mut records: Vec<Candidate>, mut draw: impl FnMut(u64) -> u64) -> Vec<Candidate> {
    // Those without weight come first, so that they have a chance at all; the names make the rest independent of the order
    // in which DNS answered.
    records.sort_by(|a, b| {
        (a.priority, a.weight > 0, &a.target, a.port).cmp(&(b.priority, b.weight > 0, &b.target, b.port))
    });
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|record| record.priority) {
        let equals = records.iter().take_while(|record| record.priority == priority);
        let sum: u64 = equals.clone().map(|record| u64::from(record.weight)).sum();
        let drawn = draw(sum + 1);
        let running = equals.scan(0, |sum, record| {
            *sum += u64::from(record.weight);
            Some(*sum)
        });
        let chosen = running.into_iter().position(|sum| sum >= drawn).unwrap_or(0);
        ordered.push(records.remove(chosen));
    }
    ordered
}

/// Whoever answers for DNS could name a server of their own, with a certificate that is in order: so only those that bear
/// the domain's name are believed.
fn within(domain: &str, found: Vec<Candidate>) -> Result<Vec<Candidate>, String> {
    let domain = domain.trim_end_matches('.').to_lowercase();
    let belongs = |target: &str| {
        target.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let (inside, outside): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| belongs(&found.target));
    match (inside.is_empty(), outside.first()) {
        (false, _) => Ok(inside),
        (true, Some(first)) if !first.target.is_empty() => Err(format!(
            "DNS names `{}`, which is not in the domain: where that is right, write its URL",
            first.target
        )),
        (true, Some(_) | None) => Err("DNS says that the domain has no LDAP server".to_owned()),
    }
}

fn resolver(servers: &[SocketAddr]) -> Result<TokioResolver, NetError> {
    if servers.is_empty() {
        return TokioResolver::builder_tokio()?.build();
    }
    let servers = servers.iter().map(|server| {
        let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
        (udp.port, tcp.port) = (server.port(), server.port());
        NameServerConfig::new(server.ip(), true, vec![udp, tcp])
    });
    let config = ResolverConfig::from_name_servers(servers.collect());
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build()
}

fn words(error: &NetError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::servers::{Candidate, in_order, within};

    fn record(priority: u16, weight: u16, target: &str) -> Candidate {
        Candidate { priority, weight, port: 389, target: target.to_owned() }
    }

    fn targets(records: Vec<Candidate>) -> Vec<String> {
        records.into_iter().map(|record| record.target).collect()
    }

    #[test]
    fn priority_comes_before_weight_and_weight_before_chance() {
        let records =
            [record(1, 0, "last"), record(0, 10, "light"), record(0, 90, "heavy"), record(0, 0, "none")];
        let lowest = in_order(records.to_vec(), |_| 0);
        assert_eq!(targets(lowest), ["none", "heavy", "light", "last"]);
        let highest = in_order(records.to_vec(), |below| below - 1);
        assert_eq!(targets(highest), ["light", "heavy", "none", "last"]);
        let reversed = in_order(records.into_iter().rev().collect(), |_| 0);
        assert_eq!(
            targets(reversed),
            ["none", "heavy", "light", "last"],
            "the order of the answer does not matter"
        );
    }

    #[test]
    fn a_server_that_does_not_bear_the_name_of_the_domain_is_not_believed() {
        let found = |names: &[&str]| names.iter().map(|name| record(0, 0, name)).collect::<Vec<_>>();
        let mixed = within("Corp.example", found(&["dc1.corp.example", "evil.test", "evilcorp.example"]));
        assert_eq!(mixed.map(targets), Ok(vec!["dc1.corp.example".to_owned()]));
        let foreign = within("corp.example", found(&["evil.test"]));
        assert_eq!(
            foreign.map(targets),
            Err("DNS names `evil.test`, which is not in the domain: where that is right, write its URL"
                .to_owned())
        );
        assert!(within("corp.example", found(&[""])).is_err());
    }
}
