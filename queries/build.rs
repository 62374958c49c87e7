//! Embeds every model, measure and view in the library, so that a new one is files and nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let mut code = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for folder in ["models", "kpis", "views"] {
        println!("cargo::rerun-if-changed={folder}");
        let mut paths: Vec<PathBuf> = fs::read_dir(root.join(folder))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file()) {
            let name = path.strip_prefix(&root).expect("the path lies under the root").display().to_string();
            writeln!(code, "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{name}\"))),")
                .expect("writing to a String cannot fail");
        }
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("files.rs"), code)
}
