//! What `[[rule]]` means.

use std::collections::BTreeSet;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::file::rules as file;
use crate::app::config::meaning::policy::add_on;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::model::group::GroupRef;
use crate::model::person::SourceName;
use crate::model::rule::{Rule, RuleName};
use crate::planning::condition::Condition;

/// The rules that nothing is wrong with, in the order of the file.
pub fn rules(file: &File, reading: &mut Reading<'_>) -> Vec<Rule> {
    let sources: BTreeSet<&str> = file
        .ldap
        .keys()
        .chain(file.ldif.keys())
        .chain(file.csv.keys())
        .chain(file.scim_push.keys())
        .chain(file.saml.keys())
        .map(String::as_str)
        .collect();
    let mut names = BTreeSet::new();
    for name in file.rule.iter().filter_map(|rule| rule.value.name.as_ref()) {
        if !names.insert(name.value.trim()) {
            let complaint =
                Complaint::new(&name.span, format!("two rules are named `{}`", name.value.trim()));
            reading
                .complain(complaint.help("reports tell rules apart by their names: give this one another"));
        }
    }
    file.rule.iter().filter_map(|written| rule(written, &sources, reading)).collect()
}

fn rule(section: &Written<file::Rule>, sources: &BTreeSet<&str>, reading: &mut Reading<'_>) -> Option<Rule> {
    let written = &section.value;
    let name = reading.text(written.name.as_ref());
    let source = source(section, sources, reading);
    let groups = written.groups.as_ref().map(|groups| {
        if groups.value.is_empty() {
            let complaint = Complaint::new(&groups.span, "a rule without groups entitles nobody");
            reading.complain(complaint.help(
                "name at least one group, or remove the rule; an empty rule never means: take every seat back",
            ));
        }
        group_refs(&groups.value, reading)
    });
    let except_groups = group_refs(written.except_groups.as_deref().unwrap_or_default(), reading);
    let condition = reading.text(written.condition.as_ref());
    if let (Some(text), Some(Written { span, .. })) = (&condition, &written.condition)
        && let Err(error) = Condition::compile(text)
    {
        let complaint = Complaint::new(span, error.to_string());
        reading.complain(complaint.help("for example: where = 'person.department == \"R&D\"'"));
    }
    let reserved_seats = written.reserved_seats.as_ref().map_or(0, |reserved| reserved.value);
    if let (Some(most), Some(reserved)) = (written.max_seats, &written.reserved_seats)
        && reserved.value > most
    {
        let message = format!("{} seats are reserved, and the rule may fill {most} at most", reserved.value);
        reading.complain(Complaint::new(&reserved.span, message).help("lower one or raise `max_seats`"));
    }
    let until = reading.date(written.until.as_ref());

    Some(Rule {
        name: RuleName::new(name?.trim()),
        add_on: add_on(written.add_on?),
        source: source?,
        groups: groups?,
        except_groups,
        condition,
        rank: written.rank.unwrap_or(100),
        max_seats: written.max_seats,
        reserved_seats,
        until,
    })
}

fn source(
    rule: &Written<file::Rule>,
    sources: &BTreeSet<&str>,
    reading: &mut Reading<'_>,
) -> Option<SourceName> {
    let listed = || sources.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let complaint = match (&rule.value.source, sources.first()) {
        (Some(written), Some(_)) if sources.contains(written.value.as_str()) => {
            return Some(SourceName::new(&written.value));
        }
        (None, Some(only)) if sources.len() == 1 => return Some(SourceName::new(only)),
        (written, None) => {
            let span = written.as_ref().map_or(&rule.span, |source| &source.span);
            Complaint::new(span, "there is a rule, but no source to read its groups from")
                .help("add one, such as `[ldap.NAME]`, `[scim_push.NAME]` or `[csv.NAME]`")
        }
        (Some(written), Some(_)) => {
            Complaint::new(&written.span, format!("there is no source named `{}`", written.value))
                .help(format!("the sources are: {}", listed()))
        }
        (None, Some(_)) => Complaint::new(&rule.span, "there are several sources, and the rule names none")
            .help(format!("add `source = …`, one of: {}", listed())),
    };
    reading.complain(complaint);
    None
}

fn group_refs(written: &[Written<String>], reading: &mut Reading<'_>) -> Vec<GroupRef> {
    written
        .iter()
        .map(|text| {
            let reference = GroupRef::parse(&text.value);
            let (GroupRef::Name(said) | GroupRef::Dn(said) | GroupRef::Id(said)) = &reference;
            if said.is_empty() {
                let complaint = Complaint::new(&text.span, "this names no group");
                reading.complain(complaint.help("write its name, its DN or `id:` and its unchanging id"));
            }
            reference
        })
        .collect()
}
