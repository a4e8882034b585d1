//! A company that is reorganised again and again, and a run that is killed meanwhile.

use std::collections::BTreeSet;

use crate::support::stage::{LDIF, PLATFORM, Stage, names};

/// Beyond no size of a department.
pub(crate) const LIMITS: &str =
    "[limits]\nmax_revocations = 10000\nmax_revocations_percent = 100\nmax_source_shrink_percent = 100\n";

/// Whoever is killed and what is left of it is up to these.
pub(crate) struct Reorganisation {
    pub(crate) stage: Stage,
    /// Two departments that take turns in having seats, and some people who always have one.
    departments: [Vec<String>; 2],
    staff: Vec<String>,
    /// The department that has the seats now.
    seated: usize,
}

impl Reorganisation {
    /// The first department has its seats; there is none to spare.
    pub(crate) fn new(size: usize) -> Reorganisation {
        Reorganisation::remembered_at("sqlite:state.db", size)
    }

    /// The same with the state elsewhere.
    pub(crate) fn remembered_at(state: &str, size: usize) -> Reorganisation {
        let departments = [names("a", size), names("b", size)];
        let staff = names("s", 20);
        let everyone: Vec<&str> = departments.iter().flatten().chain(&staff).map(String::as_str).collect();
        let mut stage = Stage::new(&everyone, u32::try_from(size + staff.len()).unwrap());
        stage.remember_at(state);
        stage.configure(LDIF, &format!("{PLATFORM}\n{LIMITS}"));
        let reorganisation = Reorganisation { stage, departments, staff, seated: 0 };
        reorganisation.publish();
        reorganisation.stage.run("apply --yes").exits(0);
        reorganisation
    }

    /// The department that has no seats.
    pub(crate) fn idle(&self) -> &[String] {
        &self.departments[1 - self.seated]
    }

    /// The department that has the seats, or is to have them.
    pub(crate) fn busy(&self) -> &[String] {
        &self.departments[self.seated]
    }

    /// The department that has the seats and the staff, as the directory and as GitLab ought to show them.
    pub(crate) fn entitled(&self) -> Vec<String> {
        let mut entitled = [&self.departments[self.seated][..], &self.staff].concat();
        entitled.sort_unstable();
        entitled
    }

    pub(crate) fn size(&self) -> usize {
        self.departments[0].len()
    }

    pub(crate) fn publish(&self) {
        let everyone: Vec<&str> =
            self.departments.iter().flatten().chain(&self.staff).map(String::as_str).collect();
        let entitled = self.entitled();
        self.stage.company(&everyone, &entitled.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// The seats go to the other department.
    pub(crate) fn reorganise(&mut self) {
        self.seated = 1 - self.seated;
        self.publish();
    }

    /// What holds even of a run that was killed.
    pub(crate) fn check_halfway(&self) {
        let holders: BTreeSet<String> = self.stage.holders().into_iter().collect();
        assert!(
            self.staff.iter().all(|member| holders.contains(member)),
            "nobody loses what they ought to keep"
        );
        assert!(holders.len() <= self.departments[0].len() + self.staff.len(), "no seat is held twice");
    }

    /// One more run completes what was left; the one after it has nothing to do.
    pub(crate) fn complete(&self) {
        let stage = &self.stage;
        stage.run("apply --yes").exits(0).says("0 refused, 0 deferred");
        assert_eq!(stage.holders(), self.entitled());

        let ours: BTreeSet<String> =
            stage.state("SELECT CAST(account AS TEXT) FROM holdings").into_iter().collect();
        let held = self.entitled().into_iter().map(|username| stage.account(&username).0.to_string());
        assert_eq!(ours, held.collect(), "the state knows every seat, and no other");
        assert!(
            stage.state("SELECT change FROM changes WHERE outcome IS NULL").is_empty(),
            "nothing is in flight"
        );

        stage.gitlab.forget_requests();
        stage.run("plan --exit-code").exits(0);
        stage.run("apply --yes").exits(0);
        assert!(stage.writes().is_empty(), "there is nothing left to do");
    }
}
