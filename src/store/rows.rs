//! Columns and what they mean.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::holding::{Change, SeatKey};
use crate::model::person::{PersonId, PersonKey, SourceName};
use crate::store::database::Store;
use crate::store::error::StoreError;

impl Store {
    pub fn column<'r, T>(&self, row: &'r AnyRow, name: &'static str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
    {
        row.try_get(name).map_err(|cause| StoreError::Read { what: name, cause })
    }

    pub fn time(&self, row: &AnyRow, name: &'static str) -> Result<Timestamp, StoreError> {
        self.optional_time(row, name)?.ok_or_else(|| self.damaged(format!("`{name}` is missing")))
    }

    pub fn optional_time(&self, row: &AnyRow, name: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let micros: Option<i64> = self.column(row, name)?;
        micros
            .map(|micros| {
                Timestamp::from_microsecond(micros)
                    .map_err(|_| self.damaged(format!("{micros} in `{name}` is no time")))
            })
            .transpose()
    }

    /// The column `add_on`.
    pub fn add_on(&self, row: &AnyRow) -> Result<AddOn, StoreError> {
        let key: &str = self.column(row, "add_on")?;
        AddOn::from_key(key).ok_or_else(|| self.damaged(format!("`{key}` is no add-on")))
    }

    /// The columns `add_on` and `account`.
    pub fn seat(&self, row: &AnyRow) -> Result<SeatKey, StoreError> {
        let add_on = self.add_on(row)?;
        let account: i64 = self.column(row, "account")?;
        Ok(SeatKey { add_on, account: AccountId(account.cast_unsigned()) })
    }

    /// The column `change`.
    pub fn change(&self, row: &AnyRow) -> Result<Change, StoreError> {
        let key: &str = self.column(row, "change")?;
        [Change::Assign, Change::Revoke]
            .into_iter()
            .find(|change| change.key() == key)
            .ok_or_else(|| self.damaged(format!("`{key}` is no change")))
    }

    /// The columns `source` and `person`.
    pub fn person(&self, row: &AnyRow) -> Result<Option<PersonKey>, StoreError> {
        let source: Option<&str> = self.column(row, "source")?;
        let person: Option<&str> = self.column(row, "person")?;
        Ok(source
            .zip(person)
            .map(|(source, id)| PersonKey { source: SourceName::new(source), id: PersonId::new(id) }))
    }
}
