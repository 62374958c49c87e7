//! Named points at which a test build can be held, and rules of the protocol and of refresh that it
//! can be told to forget, so that tests show what happens when a process dies there, and that they
//! would notice a rule that is not kept.
//!
//! Only a build with debug assertions knows any of this; in a release build all of it is nothing.

/// A rule that a test build can be told to forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The positions of the log are compared with those that the batch continues.
    Check,
    /// A commit without an answer is looked for in the log before anything is written again.
    ReadBack,
    /// A log that is listed without an entry that is known to be in it is not judged on.
    KnownVersion,
    /// A rewrite of files moves the rewriters' fence.
    RewriterFence,
    /// Refresh: whoever reads a table is told of its old rows too, and not of the new ones alone.
    OldRows,
    /// Refresh: rows are folded anew when the passing of time changes them.
    NextChange,
    /// Refresh: days are measured anew when the passing of time makes their values final.
    TurningDays,
    /// Refresh: each day on which something has changed is measured anew, however late it comes.
    LateDays,
}

#[cfg(debug_assertions)]
mod half_written;

#[cfg(debug_assertions)]
mod armed {
    use super::Rule;
    use std::cell::Cell;
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    struct Point {
        name: String,
        passes: AtomicU32,
        mark: PathBuf,
    }

    const LOOK_EVERY: Duration = Duration::from_millis(20);

    static POINT: OnceLock<Point> = OnceLock::new();
    thread_local! {
        static FORGOTTEN: Cell<Option<Rule>> = const { Cell::new(None) };
    }

    /// Arms one point for this process: `<name>@<n>=<file>` holds it the `n`th time that it is
    /// reached with work in flight, and writes `<name> <rows or bytes in flight>` to the file first.
    /// To be called before a table is opened.
    ///
    /// # Errors
    /// A text that cannot be read so.
    pub fn arm(text: &str) -> Result<(), String> {
        let wrong = || format!("a fail point is written name@n=file, not `{text}`");
        let (at, mark) = text.split_once('=').ok_or_else(wrong)?;
        let (name, passes) = at.split_once('@').ok_or_else(wrong)?;
        let passes = passes.parse().map(AtomicU32::new).map_err(|_| wrong())?;
        super::half_written::install_for(name);
        let point = Point { name: name.to_owned(), passes, mark: mark.into() };
        POINT.set(point).map_err(|_| "a fail point is armed already".to_owned())
    }

    /// Holds the calling thread if this point is armed and due, until the file with the mark is taken away:
    /// whoever armed it ends the process or lets it go on. Reached without work in flight, it does not count.
    pub fn point(name: &str, in_flight: usize) {
        let Some(point) = POINT.get().filter(|point| point.name == name && in_flight > 0) else { return };
        if point.passes.fetch_sub(1, Ordering::Relaxed) != 1 {
            return;
        }
        if let Err(error) = std::fs::write(&point.mark, format!("{name} {in_flight}")) {
            tracing::error!(%error, "the mark of a fail point cannot be written");
        }
        while point.mark.exists() {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Forgets a rule on this thread, or none.
    pub fn forget(rule: Option<Rule>) {
        FORGOTTEN.set(rule);
    }

    /// Whether the rule is kept on this thread.
    pub fn keeps(rule: Rule) -> bool {
        FORGOTTEN.get() != Some(rule)
    }
}

#[cfg(debug_assertions)]
pub use armed::{arm, forget, keeps, point};

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
pub fn point(_name: &str, _in_flight: usize) {}

/// A release build keeps every rule.
#[cfg(not(debug_assertions))]
pub fn keeps(_rule: Rule) -> bool {
    true
}
