//! The files of `src/` as a house: which room each is in, and whom it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::source_text::{Token, paths, tokens, without_tests};

/// Source files, by path from the root of the repository.
pub struct House {
    pub files: Vec<File>,
}

pub struct File {
    /// Such as `src/model/person.rs`.
    pub path: String,
    pub text: String,
    /// Where it stands in the crate: `["model", "person"]`; empty for `lib.rs` and `main.rs`.
    pub module: Vec<String>,
    /// What is compiled into the product. None at all for a file of tests.
    pub tokens: Vec<Token>,
}

/// That one file names a path of the crate.
pub struct Arrow<'h> {
    pub from: &'h File,
    pub line: usize,
    /// Without `crate`.
    pub path: Vec<String>,
    /// The file that holds what is named.
    pub to: Option<&'h File>,
}

impl House {
    /// Every `.rs` file below these folders of the repository.
    pub fn of_folders(folders: &[&str]) -> House {
        let mut files = Vec::new();
        for folder in folders {
            collect(Path::new(env!("CARGO_MANIFEST_DIR")), Path::new(folder), &mut files);
        }
        House::of(files)
    }

    pub fn of(files: Vec<(String, String)>) -> House {
        let file = |(path, text): (String, String)| {
            let module = module(&path);
            let all = tokens(&text);
            let tests = module.last().is_some_and(|name| name == "tests");
            File { module, tokens: if tests { Vec::new() } else { without_tests(&all) }, text, path }
        };
        House { files: files.into_iter().map(file).collect() }
    }

    /// Who names whom, in the order of the files.
    pub fn arrows(&self) -> Vec<Arrow<'_>> {
        let by_module: BTreeMap<&[String], &File> = self
            .files
            .iter()
            .filter(|file| !file.path.ends_with("/main.rs"))
            .map(|file| (file.module.as_slice(), file))
            .collect();
        let arrows = |from| {
            let root = if File::path_ends(from, "/main.rs") { "seatsync" } else { "crate" };
            let resolve =
                |path: &[String]| (0..=path.len()).rev().find_map(|length| by_module.get(&path[..length]));
            paths(&from.tokens, root)
                .into_iter()
                .map(|(path, line)| Arrow { from, line, to: resolve(&path).copied(), path })
                .collect::<Vec<_>>()
        };
        self.files.iter().flat_map(arrows).collect()
    }
}

impl File {
    /// The room: the first name of the module, two for a source; `main` and `lib` for themselves.
    pub fn room(&self) -> String {
        if self.module.is_empty() {
            return self.path.trim_start_matches("src/").trim_end_matches(".rs").to_owned();
        }
        room(&self.module)
    }

    /// Whether it is the `mod.rs` of a folder.
    pub fn is_folder(&self) -> bool {
        self.path_ends("/mod.rs")
    }

    fn path_ends(&self, end: &str) -> bool {
        self.path.ends_with(end)
    }
}

/// The room that a path leads into.
pub fn room(path: &[String]) -> String {
    let depth = if path.first().is_some_and(|name| name == "sources") { 2 } else { 1 };
    path[..path.len().min(depth)].join("/")
}

fn module(path: &str) -> Vec<String> {
    let inside = path.split_once("src/").map_or(path, |(_, inside)| inside).trim_end_matches(".rs");
    let mut module: Vec<String> = inside.split('/').map(ToOwned::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.to_str().unwrap().replace('\\', "/");
            files.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}
