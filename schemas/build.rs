//! Embeds every schema file in the library, so that a new source is a folder and nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("ids.toml")];
    println!("cargo::rerun-if-changed=ids.toml");
    for folder in sorted_entries(&root)? {
        if folder.join("source.toml").is_file() {
            println!("cargo::rerun-if-changed={}", folder.display());
            collect_schema_files(&folder, &mut files)?;
        }
    }
    let mut code = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for file in &files {
        let name = file.strip_prefix(&root).expect("files lie under the root").display().to_string();
        writeln!(code, "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{name}\"))),")
            .expect("writing to a String cannot fail");
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("files.rs"), code)
}

fn collect_schema_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for path in sorted_entries(folder)? {
        if path.is_dir() && path.file_name().is_some_and(|name| name == "released") {
            collect_schema_files(&path, files)?;
        } else if path.extension().is_some_and(|kind| kind == "avsc" || kind == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

fn sorted_entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}
