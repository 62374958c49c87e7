//! What `switchboard reference --help` teaches.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum ReferenceAction {
    /// Load TOML, CSV or JSON files of what the council says; deploy/reference/ explains their keys.
    ///
    /// Queues and categories with their services, public holidays, targets, baselines, published
    /// measures, interventions, which call centres the numbers speak for, and contacts counted by hand.
    /// What a file says holds from its effective_from on, in place of what was said before about the
    /// same matter and day.
    ///
    /// Every statement is compared with what the lake holds, and shown with what it changes; what is as
    /// before is not said again. All files are loaded or, if anything in one is wrong, none: then each
    /// fault is named with its file, line and reason, and the exit code is 1. What was loaded shows at
    /// the next refresh.
    Load {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Show what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
}
