//! What `[approval]` means.

use std::path::PathBuf;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::reading::Reading;
use crate::model::approval::ApprovalPolicy;

/// What an apply must bring, and where it is written who may sign: there where approval is required, unless
/// votes on the pages count.
pub fn approval(file: &File, reading: &mut Reading<'_>) -> (ApprovalPolicy, Option<PathBuf>) {
    let default = ApprovalPolicy::default();
    let Some(section) = &file.approval else { return (default, None) };
    let written = &section.value;
    let policy = ApprovalPolicy {
        required: written.required.unwrap_or(default.required),
        at_least: written.at_least.unwrap_or(default.at_least),
        valid_for: reading.duration(written.valid_for.as_ref()).unwrap_or(default.valid_for),
        four_eyes: written.four_eyes.unwrap_or(default.four_eyes),
        by_page: written.by_page.unwrap_or(default.by_page),
    };
    let has_pages = file.serve.as_ref().is_some_and(|serve| serve.value.sign_in.is_some());
    if policy.required && written.allowed_signers.is_none() && !(policy.by_page && has_pages) {
        let complaint =
            Complaint::new(&section.span, "approval is required, and nobody is named who may sign");
        reading.complain(complaint.help("name a file: allowed_signers = \"allowed_signers\""));
    }
    (policy, reading.optional_path(written.allowed_signers.as_ref()))
}
