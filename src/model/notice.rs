//! Notices: what people should hear of without asking, and since when what they were told has held.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::person::SourceName;
use crate::model::plan::Refusal;
use crate::model::vote::Choice;

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same occasion has the same key, however often it is seen: it is told once. Holds ids alone.
    pub key: String,
    pub matter: Matter,
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// `refusals` are the limits that the plan goes beyond; empty where every plan needs an approval.
    AwaitsApproval {
        digest: String,
        assign: usize,
        revoke: usize,
        refusals: Vec<Refusal>,
        /// Where people look at it and decide; `None` where they cannot.
        page: Option<String>,
    },
    /// An approver voted on the plan that waits.
    Voted {
        /// Of the account.
        username: Box<str>,
        choice: Choice,
        /// Empty where nothing was said.
        comment: String,
        digest: String,
        standing: Tally,
        page: Option<String>,
    },
    RunFailed {
        because: String,
    },
    AppliedInPart {
        refused: usize,
        deferred: usize,
        because: String,
    },
    SourcePartial {
        source: SourceName,
        because: String,
        since: Timestamp,
    },
    SeatsNearlyGone {
        add_on: AddOn,
        free: u32,
        purchased: u32,
    },
    PeopleWait {
        add_on: AddOn,
        waiting: usize,
    },
    TrialEnds {
        add_on: AddOn,
        on: Date,
        days: i64,
    },
    /// A purchase vanished, shrank or became another add-on; `message` is the finding's sentence.
    PurchaseChanged {
        message: String,
    },
    SeatAssigned {
        add_on: AddOn,
        to: Recipient,
    },
    /// The person keeps the seat until `until`, unless a rule backs it again.
    SeatEnds {
        add_on: AddOn,
        to: Recipient,
        until: Timestamp,
    },
    SeatTakenBack {
        add_on: AddOn,
        to: Recipient,
    },
}

/// What the votes on a plan come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub approvals: usize,
    pub at_least: u32,
    /// Then it is not applied, however many approve.
    pub is_rejected: bool,
}

/// Whom a personal notice goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub account: AccountId,
    pub username: Box<str>,
    /// The name to greet by.
    pub name: String,
    /// As the directory tells it; whoever has left its groups is no longer seen there, and GitLab must be asked.
    pub email: Option<Box<str>>,
}

/// The kinds of notice, as the configuration names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    AwaitsApproval,
    Voted,
    RunFailed,
    AppliedInPart,
    SourcePartial,
    SeatsNearlyGone,
    PeopleWait,
    TrialEnds,
    PurchaseChanged,
    SeatAssigned,
    SeatEnds,
    SeatTakenBack,
}

impl NoticeKind {
    /// What those who run seatsync hear of.
    pub const OPERATION: [NoticeKind; 9] = [
        NoticeKind::AwaitsApproval,
        NoticeKind::Voted,
        NoticeKind::RunFailed,
        NoticeKind::AppliedInPart,
        NoticeKind::SourcePartial,
        NoticeKind::SeatsNearlyGone,
        NoticeKind::PeopleWait,
        NoticeKind::TrialEnds,
        NoticeKind::PurchaseChanged,
    ];

    /// What people hear of their own seats.
    pub const PERSONAL: [NoticeKind; 3] =
        [NoticeKind::SeatAssigned, NoticeKind::SeatEnds, NoticeKind::SeatTakenBack];

    /// The word of the configuration and of webhooks.
    pub fn key(self) -> &'static str {
        match self {
            NoticeKind::AwaitsApproval => "awaits_approval",
            NoticeKind::Voted => "voted",
            NoticeKind::RunFailed => "run_failed",
            NoticeKind::AppliedInPart => "applied_in_part",
            NoticeKind::SourcePartial => "source_partial",
            NoticeKind::SeatsNearlyGone => "seats_nearly_gone",
            NoticeKind::PeopleWait => "people_wait",
            NoticeKind::TrialEnds => "trial_ends",
            NoticeKind::PurchaseChanged => "purchase_changed",
            NoticeKind::SeatAssigned => "seat_assigned",
            NoticeKind::SeatEnds => "seat_ends",
            NoticeKind::SeatTakenBack => "seat_taken_back",
        }
    }
}

impl Notice {
    pub fn kind(&self) -> NoticeKind {
        match &self.matter {
            Matter::AwaitsApproval { .. } => NoticeKind::AwaitsApproval,
            Matter::Voted { .. } => NoticeKind::Voted,
            Matter::RunFailed { .. } => NoticeKind::RunFailed,
            Matter::AppliedInPart { .. } => NoticeKind::AppliedInPart,
            Matter::SourcePartial { .. } => NoticeKind::SourcePartial,
            Matter::SeatsNearlyGone { .. } => NoticeKind::SeatsNearlyGone,
            Matter::PeopleWait { .. } => NoticeKind::PeopleWait,
            Matter::TrialEnds { .. } => NoticeKind::TrialEnds,
            Matter::PurchaseChanged { .. } => NoticeKind::PurchaseChanged,
            Matter::SeatAssigned { .. } => NoticeKind::SeatAssigned,
            Matter::SeatEnds { .. } => NoticeKind::SeatEnds,
            Matter::SeatTakenBack { .. } => NoticeKind::SeatTakenBack,
        }
    }

    /// Whom it is for, where it is about their own seat.
    pub fn recipient(&self) -> Option<&Recipient> {
        self.matter.recipient()
    }
}

impl Matter {
    /// The same, addressed.
    pub fn addressed(mut self, email: &str) -> Matter {
        if let Matter::SeatAssigned { to, .. }
        | Matter::SeatEnds { to, .. }
        | Matter::SeatTakenBack { to, .. } = &mut self
        {
            to.email = Some(email.into());
        }
        self
    }

    fn recipient(&self) -> Option<&Recipient> {
        match self {
            Matter::SeatAssigned { to, .. }
            | Matter::SeatEnds { to, .. }
            | Matter::SeatTakenBack { to, .. } => Some(to),
            Matter::AwaitsApproval { .. }
            | Matter::Voted { .. }
            | Matter::RunFailed { .. }
            | Matter::AppliedInPart { .. }
            | Matter::SourcePartial { .. }
            | Matter::SeatsNearlyGone { .. }
            | Matter::PeopleWait { .. }
            | Matter::TrialEnds { .. }
            | Matter::PurchaseChanged { .. } => None,
        }
    }
}

/// A notice in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
    /// For machines: an object of JSON.
    pub data: serde_json::Value,
}

/// Something to send once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The notice's key, and for a personal one whom it goes to.
    pub key: String,
    /// Who carries it: `mail`, `webhook NAME`.
    pub channel: Box<str>,
    /// As the carrier packed it.
    pub body: String,
}

/// When there is something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticePolicy {
    /// How long a source may be read in part before anybody is told.
    pub source_partial_after: SignedDuration,
    /// So few free seats are nearly none.
    pub seats_low: u32,
    pub trials: BTreeMap<AddOn, Date>,
    /// The address of the page on which people decide about the plan that waits.
    pub page: Option<String>,
}

/// What holds now of that which was told, and since when: `run_failed`, `source_partial corp`, `people_wait duo_pro`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watch(pub BTreeMap<String, Timestamp>);
