//! A notice as a letter: subject, plain text and HTML, from templates that users may replace.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::{Value, json};

use crate::model::add_on::AddOn;
use crate::model::notice::{Letter, Matter, Notice, NoticeKind, Recipient, Tally};
use crate::model::vote::Choice;
use crate::report::words::{day, plural, refusal};

const TEXT: &str = include_str!("letters/mail.txt");
const HTML: &str = include_str!("letters/mail.html");

/// The templates of letters: our own, or those that replace them.
#[derive(Debug, Clone)]
pub struct Templates {
    environment: Environment<'static>,
}

/// Why a template is none.
#[derive(Debug, thiserror::Error)]
#[error("the template `{name}` is no template")]
pub struct TemplateError {
    pub name: String,
    #[source]
    pub cause: minijinja::Error,
}

/// What templates may use.
#[derive(Debug, Serialize)]
struct Context<'a> {
    kind: &'static str,
    subject: &'a str,
    sentences: &'a [String],
    next: &'a str,
    /// Where to do it; empty where there is no page for it.
    page: &'a str,
    /// Of whom a personal notice is for; empty in others.
    name: &'a str,
    gitlab: &'a str,
    /// What webhooks get as `data`.
    data: &'a Value,
}

impl Templates {
    /// `own` holds templates by name: `mail.txt` and `mail.html` for all notices, `KIND.txt` and `KIND.html` for one
    /// kind, all in the language of Jinja. Each is tried with an example, so that none fails when it is needed.
    pub fn new(own: &BTreeMap<String, String>) -> Result<Templates, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        let ours =
            [("mail.txt", TEXT), ("mail.html", HTML)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        for (name, text) in ours.into_iter().chain(own.clone()) {
            environment
                .add_template_owned(name.clone(), text)
                .map_err(|cause| TemplateError { name, cause })?;
        }
        let templates = Templates { environment };
        for notice in examples() {
            templates.letter(&notice, "https://gitlab.example.com")?;
        }
        Ok(templates)
    }

    /// The names that [`Templates::new`] takes.
    pub fn names() -> impl Iterator<Item = String> {
        let kinds = NoticeKind::OPERATION.into_iter().chain(NoticeKind::PERSONAL).map(NoticeKind::key);
        ["mail"].into_iter().chain(kinds).flat_map(|name| [format!("{name}.txt"), format!("{name}.html")])
    }

    /// The letter of a notice about the seats of `gitlab`.
    pub fn letter(&self, notice: &Notice, gitlab: &str) -> Result<Letter, TemplateError> {
        let words = Words::of(&notice.matter);
        let data = data(&notice.matter);
        let context = Context {
            kind: notice.kind().key(),
            subject: &words.subject,
            sentences: &words.sentences,
            next: &words.next,
            page: words.page.as_deref().unwrap_or_default(),
            name: notice.recipient().map_or("", |to| &to.name),
            gitlab,
            data: &data,
        };
        let render = |ending: &str| {
            let own = format!("{}.{ending}", notice.kind().key());
            let name =
                if self.environment.get_template(&own).is_ok() { own } else { format!("mail.{ending}") };
            self.environment
                .get_template(&name)
                .and_then(|template| template.render(minijinja::value::Serde(&context)))
                .map_err(|cause| TemplateError { name, cause })
        };
        let subject = words.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Ok(Letter { subject, text: render("txt")?, html: render("html")?, data })
    }
}

/// A notice in a few sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub subject: String,
    pub sentences: Vec<String>,
    /// What to do about it; empty where nothing is to be done.
    pub next: String,
    /// Where.
    pub page: Option<String>,
}

impl Words {
    pub fn of(matter: &Matter) -> Words {
        let words = |subject: String, sentences: Vec<String>, next: String| Words {
            subject,
            sentences,
            next,
            page: None,
        };
        match matter {
            Matter::AwaitsApproval { digest, assign, revoke, refusals, page } => Words {
                page: page.clone(),
                ..words(
                    format!("A plan waits for approval: {assign} to assign, {revoke} to revoke"),
                    refusals.iter().map(|one| format!("The {}.", refusal(one))).collect(),
                    match page {
                        Some(_) => format!("Look at it and decide on its page, or approve exactly it: `seatsync apply --digest {digest}`"),
                        None => format!("Look at it with `seatsync plan`, then approve exactly it: `seatsync apply --digest {digest}`"),
                    },
                )
            },
            Matter::Voted { username, choice, comment, standing, page, digest: _ } => Words {
                page: page.clone(),
                ..words(
                    format!("{username} {} the plan that waits", done(*choice)),
                    said(comment).into_iter().chain([tally(*standing)]).collect(),
                    match standing.is_rejected || standing.approvals >= standing.at_least as usize {
                        true => String::new(),
                        false => "Look at it and decide on its page:".to_owned(),
                    },
                )
            },
            Matter::RunFailed { because } => words(
                "A run failed; no seat was changed".to_owned(),
                vec![format!("{because}.")],
                "`seatsync check` connects to everything, read-only, and says what is wrong.".to_owned(),
            ),
            Matter::AppliedInPart { refused, deferred, because } => words(
                format!("A plan was applied in part: {refused} refused, {deferred} deferred"),
                vec![format!("The first of them: {because}.")],
                "What was deferred is tried again in the next run. `seatsync runs` tells what came of each change."
                    .to_owned(),
            ),
            Matter::SourcePartial { source, because, since } => words(
                format!("Source {source} has not been read whole since {}", day(*since)),
                vec![
                    format!("{because}."),
                    "Until it is read whole, nobody loses a seat by the rules that rest on it.".to_owned(),
                ],
                "`seatsync check` says what is wrong with it.".to_owned(),
            ),
            Matter::SeatsNearlyGone { add_on, free, purchased } => words(
                format!("{} of {purchased} seats of {} are free", free, add_on.title()),
                vec!["Whoever becomes entitled after they are gone waits in line.".to_owned()],
                String::new(),
            ),
            Matter::PeopleWait { add_on, waiting } => words(
                format!("{} for a seat of {}", waits(*waiting), add_on.title()),
                vec!["Every seat that may be handed out is held.".to_owned()],
                "`seatsync plan` tells who waits, and in which order.".to_owned(),
            ),
            Matter::TrialEnds { add_on, on, days } => words(
                format!("The trial of {} ends {}", add_on.title(), in_days(*days)),
                vec![format!("It ends on {on}, and all its seats end with it.")],
                "Correct `trial_ends` in the configuration if it was bought.".to_owned(),
            ),
            Matter::PurchaseChanged { message } => {
                words("A purchase changed in GitLab".to_owned(), vec![format!("{message}.")], String::new())
            }
            Matter::SeatAssigned { add_on, .. } => words(
                format!("You have a seat of GitLab {}", add_on.title()),
                vec![format!("GitLab {} is now yours to use.", add_on.title())],
                String::new(),
            ),
            Matter::SeatEnds { add_on, until, .. } => words(
                format!("Your seat of GitLab {} ends on {}", add_on.title(), day(*until)),
                vec!["You are in none of the groups that have seats any more.".to_owned()],
                "If you still need it, ask whoever manages those groups in your company.".to_owned(),
            ),
            Matter::SeatTakenBack { add_on, .. } => words(
                format!("Your seat of GitLab {} was taken back", add_on.title()),
                vec![format!("You can no longer use GitLab {}.", add_on.title())],
                "If you still need it, ask whoever manages your groups in your company.".to_owned(),
            ),
        }
    }
}

fn done(choice: Choice) -> &'static str {
    match choice {
        Choice::Approve => "approved",
        Choice::Reject => "rejected",
    }
}

fn said(comment: &str) -> Option<String> {
    (!comment.is_empty()).then(|| format!("In their words: {comment}"))
}

fn tally(standing: Tally) -> String {
    let Tally { approvals, at_least, is_rejected } = standing;
    let counted = format!("It has {approvals} of {}", plural(at_least as usize, "approval", "approvals"));
    if is_rejected {
        format!("{counted}, and is not applied while anybody rejects it.")
    } else if approvals < at_least as usize {
        format!("{counted}.")
    } else {
        format!("{counted}: it is made anew, and applied if its changes are still the same.")
    }
}

fn waits(count: usize) -> String {
    format!("{} {}", plural(count, "person", "people"), if count == 1 { "waits" } else { "wait" })
}

fn in_days(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    }
}

/// A notice for machines: the `data` of a webhook.
pub fn data(matter: &Matter) -> Value {
    let personal =
        |add_on: &AddOn, to: &Recipient| json!({ "add_on": add_on.key(), "username": to.username });
    match matter {
        Matter::AwaitsApproval { digest, assign, revoke, refusals, page } => json!({
            "digest": digest, "assign": assign, "revoke": revoke, "page": page,
            "refusals": refusals.iter().map(refusal).collect::<Vec<_>>(),
        }),
        Matter::Voted { username, choice, comment, digest, standing, page } => json!({
            "username": username, "choice": choice.key(), "comment": comment, "digest": digest, "page": page,
            "approvals": standing.approvals, "at_least": standing.at_least, "rejected": standing.is_rejected,
        }),
        Matter::RunFailed { because } => json!({ "because": because }),
        Matter::AppliedInPart { refused, deferred, because } => {
            json!({ "refused": refused, "deferred": deferred, "because": because })
        }
        Matter::SourcePartial { source, because, since } => {
            json!({ "source": source.as_str(), "because": because, "since": since })
        }
        Matter::SeatsNearlyGone { add_on, free, purchased } => {
            json!({ "add_on": add_on.key(), "free": free, "purchased": purchased })
        }
        Matter::PeopleWait { add_on, waiting } => json!({ "add_on": add_on.key(), "waiting": waiting }),
        Matter::TrialEnds { add_on, on, days } => {
            json!({ "add_on": add_on.key(), "on": on, "days": days })
        }
        Matter::PurchaseChanged { message } => json!({ "message": message }),
        Matter::SeatAssigned { add_on, to } | Matter::SeatTakenBack { add_on, to } => personal(add_on, to),
        Matter::SeatEnds { add_on, to, until } => {
            let mut data = personal(add_on, to);
            data["until"] = json!(until);
            data
        }
    }
}

/// One of each kind, with names that must be escaped.
fn examples() -> Vec<Notice> {
    let add_on = AddOn::DuoEnterprise;
    let to = || Recipient {
        account: crate::model::account::AccountId(7),
        username: "ada".into(),
        name: "Ada <Byron>".to_owned(),
        email: None,
    };
    let at = jiff::Timestamp::UNIX_EPOCH;
    let page = || Some("https://seatsync.example.com/plans".to_owned());
    let matters = [
        Matter::AwaitsApproval {
            digest: "sha256:0".to_owned(),
            assign: 1,
            revoke: 2,
            refusals: Vec::new(),
            page: page(),
        },
        Matter::Voted {
            username: "ada".into(),
            choice: Choice::Approve,
            comment: "Ada <Byron> leaves.\nFine.".to_owned(),
            digest: "sha256:0".to_owned(),
            standing: Tally { approvals: 1, at_least: 2, is_rejected: false },
            page: page(),
        },
        Matter::RunFailed { because: "nobody answers".to_owned() },
        Matter::AppliedInPart { refused: 1, deferred: 2, because: "blocked".to_owned() },
        Matter::SourcePartial {
            source: crate::model::person::SourceName::new("corp"),
            because: "a page is missing".to_owned(),
            since: at,
        },
        Matter::SeatsNearlyGone { add_on, free: 1, purchased: 40 },
        Matter::PeopleWait { add_on, waiting: 3 },
        Matter::TrialEnds { add_on, on: jiff::civil::Date::ZERO, days: 7 },
        Matter::PurchaseChanged { message: "40 seats became 20".to_owned() },
        Matter::SeatAssigned { add_on, to: to() },
        Matter::SeatEnds { add_on, to: to(), until: at },
        Matter::SeatTakenBack { add_on, to: to() },
    ];
    matters.into_iter().map(|matter| Notice { key: String::new(), matter }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::model::notice::NoticeKind;
    use crate::report::letter::{Templates, examples};

    #[test]
    fn every_kind_has_a_letter_in_which_names_are_only_names() {
        let templates = Templates::new(&BTreeMap::new()).unwrap();
        let kinds: Vec<&str> = examples().iter().map(|notice| notice.kind().key()).collect();
        let all = NoticeKind::OPERATION.into_iter().chain(NoticeKind::PERSONAL);
        assert_eq!(kinds, all.map(NoticeKind::key).collect::<Vec<_>>());
        let letters = examples().iter().fold(String::new(), |before, notice| {
            let letter = templates.letter(notice, "https://gitlab.example.com").unwrap();
            assert!(!letter.html.contains("<Byron>"));
            format!("{before}Subject: {}\n\n{}\n", letter.subject, letter.text)
        });
        insta::assert_snapshot!(letters);
    }

    #[test]
    fn a_template_of_ones_own_replaces_ours_for_its_kind_alone() {
        let own = BTreeMap::from([("seat_ends.txt".to_owned(), "{{ name }}: {{ data.until }}".to_owned())]);
        let templates = Templates::new(&own).unwrap();
        let texts: Vec<String> =
            examples().iter().map(|notice| templates.letter(notice, "g").unwrap().text).collect();
        assert_eq!(texts.iter().filter(|text| *text == "Ada <Byron>: 1970-01-01T00:00:00Z").count(), 1);
    }

    #[test]
    fn a_template_that_would_fail_is_refused_at_once() {
        for text in ["{{ nonsense }}", "{% if %}"] {
            let own = BTreeMap::from([("run_failed.html".to_owned(), text.to_owned())]);
            assert_eq!(Templates::new(&own).unwrap_err().name, "run_failed.html");
        }
    }
}
