//! Whether a plan file is approved as the configuration asks: who signed, whether they are enough, and not too long ago.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::approval::{ApprovalPolicy, Lack, PlanFile, Signature, Signer};

/// Clocks differ by so much at most; a plan that claims to be made later would never expire.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The people who approved, one signature each; or everything that is missing.
pub fn signers(policy: &ApprovalPolicy, file: &PlanFile, now: Timestamp) -> Result<Vec<Signer>, Vec<Lack>> {
    let mut lacks: Vec<Lack> = out_of_time(policy, file, now).into_iter().collect();
    let operator = policy.four_eyes.then_some(file.operator.as_deref());
    if operator == Some(None) {
        lacks.push(Lack::OperatorUnknown);
    }
    let mut signers: Vec<Signer> = Vec::new();
    let mut notes = Vec::new();
    for Signature { place, checked } in &file.signatures {
        match checked {
            Err(because) => notes.push(Lack::Unaccepted { place: place.clone(), because: because.clone() }),
            Ok(signer) if operator.flatten().is_some_and(|operator| is(signer, operator)) => {
                notes.push(Lack::OwnSignature { signer: signer.clone() });
            }
            Ok(signer) if signers.iter().any(|other| is_same_person(other, signer)) => {}
            Ok(signer) => signers.push(signer.clone()),
        }
    }
    let needed = policy.at_least.max(1);
    if u32::try_from(signers.len()).unwrap_or(u32::MAX) < needed {
        lacks.push(Lack::TooFewSigners { needed, signers: signers.clone() });
        // A signature that does not count matters only where one is missing.
        lacks.extend(notes);
    }
    signers.sort_unstable();
    if lacks.is_empty() { Ok(signers) } else { Err(lacks) }
}

/// Why the plan in the file is not of these days, if it is not.
pub fn out_of_time(policy: &ApprovalPolicy, file: &PlanFile, now: Timestamp) -> Option<Lack> {
    let age = now.duration_since(file.made_at);
    if age > policy.valid_for {
        Some(Lack::Expired { made_at: file.made_at, valid_for: policy.valid_for })
    } else if age < -CLOCK_SKEW {
        Some(Lack::MadeInFuture { made_at: file.made_at })
    } else {
        None
    }
}

/// One person may have several keys and one key several names: whoever shares either is the same person.
fn is_same_person(a: &Signer, b: &Signer) -> bool {
    a.key == b.key || !a.names.is_disjoint(&b.names)
}

/// A local account `ada` is `ada@example.com`: between the two, nobody can tell more.
fn is(signer: &Signer, operator: &str) -> bool {
    let operator = operator.to_lowercase();
    let account = operator.split('@').next().unwrap_or(&operator);
    let names: BTreeSet<String> = signer.names.iter().map(|name| name.to_lowercase()).collect();
    names.iter().any(|name| {
        let bare = name.split('@').next().unwrap_or(name);
        *name == operator || ((!operator.contains('@') || !name.contains('@')) && bare == account)
    })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use crate::model::approval::{ApprovalPolicy, Lack, PlanFile, Signature, Signer, Unaccepted};
    use crate::planning::approval::signers;

    fn now() -> Timestamp {
        "2026-11-22T04:00:00Z".parse().unwrap()
    }

    fn signer(names: &[&str], key: &str) -> Signer {
        Signer { names: names.iter().map(|name| Box::from(*name)).collect(), key: key.into() }
    }

    fn signed_by(all: &[Signer]) -> PlanFile {
        let signature =
            |signer: &Signer| Signature { place: "plan.json.sig".to_owned(), checked: Ok(signer.clone()) };
        let made_at = now() - SignedDuration::from_hours(1);
        let signatures = all.iter().map(signature).collect();
        PlanFile { signatures, ..PlanFile::new("sha256:0".to_owned(), made_at, [].into(), [].into()) }
    }

    fn two() -> ApprovalPolicy {
        ApprovalPolicy { required: true, at_least: 2, ..ApprovalPolicy::default() }
    }

    #[test]
    fn two_people_are_enough_where_two_are_asked_for() {
        let (ada, bob) = (signer(&["ada@x"], "SHA256:a"), signer(&["bob@x"], "SHA256:b"));
        assert_eq!(signers(&two(), &signed_by(&[bob.clone(), ada.clone()]), now()), Ok(vec![ada, bob]));
    }

    #[test]
    fn one_person_counts_once_however_they_sign() {
        let twice = [signer(&["ada@x"], "SHA256:a"), signer(&["ada@x"], "SHA256:a")];
        let two_keys = [signer(&["ada@x"], "SHA256:a"), signer(&["ada@x", "root"], "SHA256:b")];
        let one_key = [signer(&["ada@x"], "SHA256:a"), signer(&["bob@x"], "SHA256:a")];
        for same in [twice, two_keys, one_key] {
            let lacks = signers(&two(), &signed_by(&same), now()).unwrap_err();
            assert_eq!(lacks, [Lack::TooFewSigners { needed: 2, signers: vec![same[0].clone()] }]);
        }
    }

    #[test]
    fn an_approval_is_as_old_as_its_plan() {
        let ada = [signer(&["ada@x"], "SHA256:a")];
        let policy = ApprovalPolicy { required: true, ..ApprovalPolicy::default() };
        let mut file = signed_by(&ada);
        for (hours, accepted) in [(0, true), (72, true), (73, false), (-1, false)] {
            file.made_at = now() - SignedDuration::from_hours(hours);
            assert_eq!(signers(&policy, &file, now()).is_ok(), accepted, "{hours}");
        }
    }

    #[test]
    fn with_four_eyes_nobody_applies_what_they_signed_alone() {
        let policy = ApprovalPolicy { required: true, four_eyes: true, ..ApprovalPolicy::default() };
        let file = |operator: Option<&str>| PlanFile {
            operator: operator.map(str::to_owned),
            ..signed_by(&[signer(&["ada@example.com"], "SHA256:a")])
        };
        for own in ["ada@example.com", "Ada@Example.com", "ada"] {
            let lacks = signers(&policy, &file(Some(own)), now()).unwrap_err();
            assert!(matches!(lacks[..], [Lack::TooFewSigners { .. }, Lack::OwnSignature { .. }]), "{own}");
        }
        for other in ["bob@example.com", "ada@elsewhere.example", "seatsync"] {
            assert!(signers(&policy, &file(Some(other)), now()).is_ok(), "{other}");
        }
        assert_eq!(signers(&policy, &file(None), now()), Err(vec![Lack::OperatorUnknown]));
    }

    #[test]
    fn a_worthless_signature_spoils_nothing_and_counts_for_nothing() {
        let stranger = Unaccepted::Stranger { key: "SHA256:s".into() };
        let worthless = Signature { place: "plan.json.eve.sig".to_owned(), checked: Err(stranger) };
        let policy = ApprovalPolicy { required: true, ..ApprovalPolicy::default() };
        let mut file = signed_by(&[signer(&["ada@x"], "SHA256:a")]);
        file.signatures.push(worthless.clone());
        assert!(signers(&policy, &file, now()).is_ok());
        file.signatures = vec![worthless];
        assert!(matches!(
            signers(&policy, &file, now()).unwrap_err()[..],
            [Lack::TooFewSigners { .. }, Lack::Unaccepted { .. }]
        ));
    }
}
