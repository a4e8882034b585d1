//! Plans that are remembered over a restart, for whoever may see them: the one that waits for a person, and the latest.
//!
//! They name people, so they are kept only where the configuration lets somebody see them, and forgotten when they are
//! neither of the two any more.

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::ports::EdgeError;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::values::micros;

/// A plan as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPlan {
    pub about: PlanAbout,
    /// As JSON, byte for byte what the fingerprint is of.
    pub document: Vec<u8>,
    /// As a page for a browser.
    pub report: Vec<u8>,
}

/// The same without its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanAbout {
    /// Of the document: `sha256:` and hexadecimal digits.
    pub fingerprint: String,
    /// The schedule whose run made it.
    pub schedule: String,
    /// Of its changes.
    pub digest: String,
    pub made_at: Timestamp,
    /// When a run last came to the same changes.
    pub seen_at: Timestamp,
    /// How the run ended that made it.
    pub ended: String,
    /// Whether a person is to approve it.
    pub waits: bool,
    /// What was approved before and is so no more, in sentences.
    pub moved: Vec<String>,
    /// Why it is not applied although enough people approve it.
    pub objection: Option<String>,
}

/// What becomes of the plan that waits when a run has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The new one waits in its place; votes were for the old one.
    Replaced,
    /// It waits still: a run came to the same changes.
    SeenAgain,
    /// Nothing waits any more.
    Over,
    /// It waits, whatever this run came to.
    Untouched,
}

const ABOUT: &str = "fingerprint, schedule, digest, made_at, seen_at, ended, waits, moved, objection";

impl Store {
    /// Keeps the latest plan, and says what becomes of the one that waits; what is neither is forgotten, with its votes.
    pub async fn keep_plan(&self, plan: &KeptPlan, waiting: Waiting) -> Result<(), EdgeError> {
        let failed = StoreError::writing("a plan");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            let about = &plan.about;
            run(&mut transaction, "UPDATE plans SET is_latest = 0").await.map_err(&failed)?;
            match waiting {
                Waiting::Replaced | Waiting::Over => {
                    run(&mut transaction, "UPDATE plans SET waits = 0").await.map_err(&failed)?;
                }
                Waiting::SeenAgain => {
                    sqlx::query("UPDATE plans SET seen_at = $1, objection = $2 WHERE waits = 1")
                        .bind(micros(about.seen_at))
                        .bind(about.objection.as_deref())
                        .execute(&mut *transaction)
                        .await
                        .map_err(&failed)?;
                }
                Waiting::Untouched => {}
            }
            sqlx::query(
                "INSERT INTO plans (fingerprint, schedule, digest, made_at, seen_at, ended, waits, moved, is_latest, document, report)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)
                 ON CONFLICT (fingerprint) DO UPDATE SET is_latest = 1, ended = excluded.ended,
                     waits = CASE WHEN excluded.waits = 1 THEN 1 ELSE plans.waits END",
            )
            .bind(&about.fingerprint)
            .bind(&about.schedule)
            .bind(&about.digest)
            .bind(micros(about.made_at))
            .bind(micros(about.seen_at))
            .bind(&about.ended)
            .bind(i64::from(waiting == Waiting::Replaced))
            .bind(about.moved.join("\n"))
            .bind(&plan.document)
            .bind(&plan.report)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
            forget(&mut transaction).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }

    /// Nobody may see plans: all of them are forgotten.
    pub async fn forget_plans(&self) -> Result<(), EdgeError> {
        self.part_with_plans("UPDATE plans SET is_latest = 0, waits = 0").await
    }

    /// Nothing waits any more.
    pub async fn end_waiting(&self) -> Result<(), EdgeError> {
        self.part_with_plans("UPDATE plans SET waits = 0").await
    }

    async fn part_with_plans(&self, sql: &'static str) -> Result<(), EdgeError> {
        let failed = StoreError::writing("which plans are kept");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            run(&mut transaction, sql).await.map_err(&failed)?;
            forget(&mut transaction).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }

    /// The plan that waits.
    pub async fn waiting_plan(&self) -> Result<Option<PlanAbout>, EdgeError> {
        self.plan_where("waits = 1").await
    }

    /// The plan of the last run.
    pub async fn latest_plan(&self) -> Result<Option<PlanAbout>, EdgeError> {
        self.plan_where("is_latest = 1").await
    }

    /// The document of a plan that is still kept.
    pub async fn plan_document(&self, fingerprint: &str) -> Result<Option<Vec<u8>>, EdgeError> {
        self.plan_column(fingerprint, "SELECT document AS it FROM plans WHERE fingerprint = $1").await
    }

    /// The page of a plan that is still kept.
    pub async fn plan_report(&self, fingerprint: &str) -> Result<Option<Vec<u8>>, EdgeError> {
        self.plan_column(fingerprint, "SELECT report AS it FROM plans WHERE fingerprint = $1").await
    }

    async fn plan_column(&self, fingerprint: &str, sql: &'static str) -> Result<Option<Vec<u8>>, EdgeError> {
        let row = sqlx::query(sql)
            .bind(fingerprint)
            .fetch_optional(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("a plan"))?;
        Ok(row.map(|row| self.column(&row, "it")).transpose()?)
    }

    async fn plan_where(&self, condition: &'static str) -> Result<Option<PlanAbout>, EdgeError> {
        // Both are our own words.
        let sql = sqlx::AssertSqlSafe(format!("SELECT {ABOUT} FROM plans WHERE {condition}"));
        let row = sqlx::query(sql)
            .fetch_optional(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("a plan"))?;
        Ok(row.map(|row| self.plan_about(&row)).transpose()?)
    }

    fn plan_about(&self, row: &AnyRow) -> Result<PlanAbout, StoreError> {
        let moved: String = self.column(row, "moved")?;
        let waits: i64 = self.column(row, "waits")?;
        Ok(PlanAbout {
            fingerprint: self.column(row, "fingerprint")?,
            schedule: self.column(row, "schedule")?,
            digest: self.column(row, "digest")?,
            made_at: self.time(row, "made_at")?,
            seen_at: self.time(row, "seen_at")?,
            ended: self.column(row, "ended")?,
            waits: waits == 1,
            moved: moved.lines().map(str::to_owned).collect(),
            objection: self.column(row, "objection")?,
        })
    }
}

async fn run(connection: &mut AnyConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}

async fn forget(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    run(connection, "DELETE FROM plans WHERE waits = 0 AND is_latest = 0").await?;
    run(connection, "DELETE FROM votes WHERE plan NOT IN (SELECT fingerprint FROM plans WHERE waits = 1)")
        .await
}
