//! placeholder until the CSV source lands.
use crate::model::group::GroupRef;
use crate::model::person::SourceName;
use crate::model::snapshot::{Snapshot, SourceKind};
use crate::ports::{EdgeError, Source};
use crate::sources::csv::config::CsvConfig;
use futures_util::future::BoxFuture;
pub struct CsvSource(CsvConfig);
impl CsvSource {
    pub fn new(config: CsvConfig) -> CsvSource {
        CsvSource(config)
    }
}
impl Source for CsvSource {
    fn name(&self) -> &SourceName {
        &self.0.name
    }
    fn kind(&self) -> SourceKind {
        SourceKind::Csv
    }
    fn read<'a>(&'a self, _w: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>> {
        unreachable!()
    }
}
