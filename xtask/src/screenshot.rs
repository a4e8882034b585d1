//! Makes the picture of the README: the sample company's report in a browser.

use std::fs;

use crate::process::{TaskError, cargo, program, root, run, target};
use crate::setup;

/// Writes `docs/images/report.png`.
pub(crate) fn screenshot() -> Result<(), TaskError> {
    setup::setup()?;
    let folder = target().join("screenshot");
    fs::create_dir_all(&folder).map_err(|cause| TaskError::File {
        doing: "make",
        path: folder.clone(),
        cause,
    })?;
    let page = folder.join("report.html");
    run(cargo(&["run", "--quiet", "--locked", "--package", "seatsync", "--", "demo", "--out"]).arg(&page))?;
    let picture = root().join("docs/images/report.png");
    run(program("chromium")
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg("--window-size=1280,1500")
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}", page.display())))
}
