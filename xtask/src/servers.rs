//! Servers and clients of the tests that exist on PyPI or npm alone: pinned, each in a folder of its own below `target/`.

use std::fs;
use std::path::PathBuf;

use crate::process::{TaskError, program, run, say, target};

/// What to install, and by which tool.
struct Server {
    /// Its folder in `target/test-servers`, where the tests look for it.
    folder: &'static str,
    from: Registry,
    /// Each with its version.
    packages: &'static [&'static str],
}

enum Registry {
    PyPi,
    Npm,
}

const SERVERS: &[Server] = &[
    // A checker of SCIM service providers.
    Server {
        folder: "scim2-tester",
        from: Registry::PyPi,
        packages: &[
            "scim2-cli==0.6.0",
            "scim2-tester==0.5.2",
            "scim2-client==0.13.2",
            "scim2-models==0.12.3",
        ],
    },
    // A SCIM service provider with cursors.
    Server {
        folder: "scim2-server",
        from: Registry::PyPi,
        packages: &["scim2-server[cursor]==0.8.3", "scim2-models==0.12.3"],
    },
    // Another one, of another make.
    Server {
        folder: "scimmy",
        from: Registry::Npm,
        packages: &["scimmy@1.3.5", "scimmy-routers@1.3.2", "express@5.1.0"],
    },
];

/// Does nothing where all is there.
pub(crate) fn install() -> Result<(), TaskError> {
    for server in SERVERS {
        let folder = target().join("test-servers").join(server.folder);
        let (stamp, wanted) = (folder.join("installed"), server.packages.join("\n"));
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            continue;
        }
        say(&format!("installing what the tests start: {}", server.packages.join(", ")));
        let failed = |cause| TaskError::Refused(format!("failed to write `{}`: {cause}", folder.display()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(failed)?;
        match server.from {
            Registry::PyPi => {
                run(program("/usr/bin/python3").args(["-m", "venv"]).arg(&folder))?;
                let pip: PathBuf = folder.join("bin/pip");
                run(program(pip)
                    .args(["install", "--quiet", "--disable-pip-version-check"])
                    .args(server.packages))?;
            }
            Registry::Npm => {
                let prefix = ["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"];
                run(program("npm").args(prefix).arg(&folder).args(server.packages))?;
            }
        }
        fs::write(&stamp, wanted).map_err(failed)?;
    }
    Ok(())
}
