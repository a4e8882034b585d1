//! Whether the sidecar does what it is there for.

use jiff::Timestamp;

use crate::app::serve::board::{Role, Standing};

/// What `/readyz` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    Ready(Role),
    /// The state cannot be opened: nothing can run, and nobody can take over.
    StateUnreachable,
    /// Of this schedule two runs in a row were missed or failed.
    Late {
        schedule: String,
    },
}

/// Decides from what the board shows. A configuration that was refused does not count: the one before is in force.
pub fn readiness(standing: &Standing, now: Timestamp) -> Readiness {
    if !standing.state_is_reachable {
        return Readiness::StateUnreachable;
    }
    let late = standing.schedules.iter().find(|schedule| now > schedule.late_from(standing.good));
    match (standing.role, late) {
        (Role::Leader, Some(schedule)) => Readiness::Late { schedule: schedule.name.clone() },
        (role, Some(_) | None) => Readiness::Ready(role),
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use crate::app::serve::board::{Board, Role};
    use crate::app::serve::readiness::{Readiness, readiness};
    use crate::app::serve::schedule::{Mode, Schedule, When};

    fn after(minutes: i64, role: Role) -> Readiness {
        let start = Timestamp::UNIX_EPOCH;
        let when = When::Every(SignedDuration::from_mins(15));
        let often =
            Schedule { name: "often".to_owned(), when, jitter: SignedDuration::ZERO, mode: Mode::Auto };
        let board = Board::new(vec![often], None, start);
        board.standing().role = role;
        let now = start + SignedDuration::from_mins(minutes);
        let standing = board.standing();
        readiness(&standing, now)
    }

    #[test]
    fn a_leader_is_late_once_two_runs_are_missing() {
        assert_eq!(after(40, Role::Leader), Readiness::Ready(Role::Leader));
        assert_eq!(after(41, Role::Leader), Readiness::Late { schedule: "often".to_owned() });
    }

    #[test]
    fn a_standby_is_ready_to_take_over_whoever_is_late() {
        assert_eq!(after(1000, Role::Standby), Readiness::Ready(Role::Standby));
    }

    #[test]
    fn without_its_state_nothing_is_ready() {
        let board = Board::new(Vec::new(), None, Timestamp::UNIX_EPOCH);
        board.standing().state_is_reachable = false;
        assert_eq!(readiness(&board.standing(), Timestamp::UNIX_EPOCH), Readiness::StateUnreachable);
    }
}
