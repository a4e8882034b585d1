//! The four seat mutations: what each checks, in which order, and what it answers.

use std::collections::BTreeSet;

use crate::world::account::{Account, AccountId};
use crate::world::gitlab::World;
use crate::world::purchase::{Purchase, PurchaseId};

/// What GitLab says where an object is missing, hidden or not for this caller.
pub const INACCESSIBLE: &str = "The resource that you are attempting to access does not exist or you don't have \
                                permission to perform this action";

/// Why a mutation did nothing (but for [`SeatRefusal::BrokeAfterWriting`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatRefusal {
    /// A top-level error; the mutation's payload is null.
    TopLevel(String),
    /// An entry of the payload's `errors`; the payload's objects are null.
    Payload(&'static str),
    /// The seats are taken, but the server then failed: the request answers HTTP 500.
    BrokeAfterWriting,
}

/// What the single Remove did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    Removed,
    /// The account had no seat: the payload is null, and there is no error anywhere.
    NothingToRemove,
}

impl World {
    /// `userAddOnAssignmentCreate`.
    pub fn assign_one(
        &mut self,
        caller: &Account,
        purchase_id: Option<PurchaseId>,
        account_id: Option<AccountId>,
    ) -> Result<(PurchaseId, AccountId), SeatRefusal> {
        let purchase = self.accessible_purchase(caller, purchase_id)?;
        let account = account_id.and_then(|id| self.account(id));
        let (true, Some(account)) = (purchase.is_active(self.today), account) else {
            return Err(inaccessible());
        };
        let (purchase_id, account_id) = (purchase.id, account.id);
        if purchase.holders.contains_key(&account.id) {
            return Ok((purchase_id, account_id));
        }
        if purchase.free() < 1 {
            return Err(SeatRefusal::Payload("NO_SEATS_AVAILABLE"));
        }
        if !purchase.is_seat_assignable() {
            return Err(SeatRefusal::Payload("SEAT_ASSIGNMENT_NOT_SUPPORTED"));
        }
        if !self.is_eligible(account) {
            return Err(SeatRefusal::Payload("INVALID_USER_MEMBERSHIP"));
        }
        self.seat(purchase_id, account_id);
        Ok((purchase_id, account_id))
    }

    /// `userAddOnAssignmentBulkCreate`: all of the accounts, or none. Answers them once each.
    pub fn assign_many(
        &mut self,
        caller: &Account,
        purchase_id: Option<PurchaseId>,
        account_ids: &[Option<AccountId>],
    ) -> Result<(PurchaseId, BTreeSet<AccountId>), SeatRefusal> {
        let purchase = self.accessible_purchase(caller, purchase_id)?;
        self.check_bulk_size(account_ids.len(), "assigned")?;
        if !purchase.is_active(self.today) || account_ids.is_empty() {
            return Err(inaccessible());
        }
        if !purchase.is_duo() {
            return Err(SeatRefusal::Payload("INCOMPATIBLE_ADD_ON"));
        }
        let eligible = |id: Option<AccountId>| {
            id.filter(|&id| self.account(id).is_some_and(|account| self.is_eligible(account)))
        };
        let Some(accounts) = account_ids.iter().map(|&id| eligible(id)).collect::<Option<BTreeSet<_>>>()
        else {
            return Err(SeatRefusal::Payload("INVALID_USER_ID_PRESENT"));
        };
        let new = accounts.iter().filter(|id| !purchase.holders.contains_key(id)).count();
        // With more holders than seats this refuses even a call that asks for no new seat.
        if purchase.free() < i64::try_from(new).unwrap_or(i64::MAX) {
            return Err(SeatRefusal::Payload("NOT_ENOUGH_SEATS"));
        }
        let (purchase_id, seats_assignable) = (purchase.id, purchase.is_seat_assignable());
        for &account in &accounts {
            self.seat(purchase_id, account);
        }
        // GitLab looks up the mail for the add-on after the write and finds none. It does so always on GitLab.com
        // and, on an instance, while the mail is switched on. (Read in its source, never seen to happen.)
        let mails = self.top_level_group().is_some() || self.settings.seat_assignment_mail;
        if !seats_assignable && mails && new > 0 {
            return Err(SeatRefusal::BrokeAfterWriting);
        }
        Ok((purchase_id, accounts))
    }

    /// `userAddOnAssignmentRemove`.
    pub fn remove_one(
        &mut self,
        caller: &Account,
        purchase_id: Option<PurchaseId>,
        account_id: Option<AccountId>,
    ) -> Result<(PurchaseId, AccountId, Removal), SeatRefusal> {
        let purchase = self.accessible_purchase(caller, purchase_id)?;
        let account = account_id.and_then(|id| self.account(id));
        let (true, Some(account)) = (purchase.is_active(self.today), account) else {
            return Err(inaccessible());
        };
        let (purchase_id, account_id) = (purchase.id, account.id);
        let removal =
            if self.unseat(purchase_id, account_id) { Removal::Removed } else { Removal::NothingToRemove };
        Ok((purchase_id, account_id, removal))
    }

    /// `userAddOnAssignmentBulkRemove`: takes the seats of whoever has one. Answers every account that exists,
    /// with a seat or without.
    pub fn remove_many(
        &mut self,
        caller: &Account,
        purchase_id: Option<PurchaseId>,
        account_ids: &[Option<AccountId>],
    ) -> Result<(PurchaseId, BTreeSet<AccountId>), SeatRefusal> {
        let purchase = self.accessible_purchase(caller, purchase_id)?;
        self.check_bulk_size(account_ids.len(), "unassigned")?;
        if !purchase.is_active(self.today) || account_ids.is_empty() {
            return Err(inaccessible());
        }
        let purchase_id = purchase.id;
        let known = account_ids.iter().flatten().copied().filter(|&id| self.account(id).is_some());
        let accounts: BTreeSet<AccountId> = known.collect();
        let removed = accounts.iter().filter(|&&account| self.unseat(purchase_id, account)).count();
        if removed == 0 {
            return Err(SeatRefusal::Payload("NO_ASSIGNMENTS_FOUND"));
        }
        Ok((purchase_id, accounts))
    }

    /// A purchase the caller may administer, expired ones included.
    fn accessible_purchase(
        &self,
        caller: &Account,
        purchase: Option<PurchaseId>,
    ) -> Result<&Purchase, SeatRefusal> {
        let purchase = purchase.and_then(|id| self.purchase(id));
        purchase.filter(|_| self.may_admin_seats(caller)).ok_or_else(inaccessible)
    }

    /// Counts ids before duplicates are dropped. The text says "less than", yet the number itself passes.
    fn check_bulk_size(&self, requested: usize, done: &str) -> Result<(), SeatRefusal> {
        let limit = self.settings.version.bulk_limit();
        if requested > limit {
            return Err(SeatRefusal::TopLevel(format!(
                "The number of users to be {done} in a single API call should be less than {limit}."
            )));
        }
        Ok(())
    }
}

fn inaccessible() -> SeatRefusal {
    SeatRefusal::TopLevel(INACCESSIBLE.to_owned())
}
