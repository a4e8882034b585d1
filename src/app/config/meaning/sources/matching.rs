//! How the accounts of the people of a source are found, whatever its kind.

use crate::app::config::complaint::Complaint;
use crate::app::config::file::sources::matching::MatchStep;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::model::account::MatchBy;
use crate::model::policy::Matching;

/// What `match_by` and `identity_provider` mean, which every source has; the latter comes with its default.
pub fn matching(
    match_by: Option<&Written<Vec<MatchStep>>>,
    (provider, default): (Option<&Written<String>>, Option<&str>),
    reading: &mut Reading<'_>,
) -> Matching {
    let identity_provider: Option<Box<str>> =
        reading.text(provider).map(String::into_boxed_str).or_else(|| default.map(Box::from));
    let every = [MatchStep::Identity, MatchStep::Email, MatchStep::Username];
    let steps = match match_by {
        Some(Written { value, span }) => {
            let twice = (1..value.len()).any(|at| value[..at].contains(&value[at]));
            if value.is_empty() || twice {
                let complaint = Complaint::new(span, "`match_by` names at least one step, and each once");
                reading.complain(complaint.help("[\"identity\", \"email\", \"username\"]"));
            }
            if value.contains(&MatchStep::Identity) && identity_provider.is_none() {
                let complaint = Complaint::new(span, "`identity` is to be matched, but of no provider");
                reading
                    .complain(complaint.help("add `identity_provider = \"ldapmain\"`, or remove `identity`"));
            }
            value.as_slice()
        }
        None => &every,
    };
    let match_by = steps
        .iter()
        .filter(|step| **step != MatchStep::Identity || identity_provider.is_some())
        .map(|step| match step {
            MatchStep::Identity => MatchBy::Identity,
            MatchStep::Email => MatchBy::Email,
            MatchStep::Username => MatchBy::Username,
        })
        .collect();
    Matching { match_by, identity_provider }
}
