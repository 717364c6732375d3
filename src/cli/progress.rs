//! How far a command is, on stderr: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::bulk::Progress;

/// Lines for each part of the work at most, where there is no terminal.
const LINES: u64 = 10;
/// Fewer parts than this are over before anybody could read of them.
const WORTH_SAYING: u64 = 10_000;

/// Shows it.
pub struct Shown {
    bar: Option<ProgressBar>,
    is_terminal: bool,
    what: &'static str,
    total: u64,
    done: u64,
}

impl Shown {
    pub fn new() -> Shown {
        Shown { bar: None, is_terminal: std::io::stderr().is_terminal(), what: "", total: 0, done: 0 }
    }

    /// Takes the bar away, so that what comes next has the line for itself.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Shown {
    fn begin(&mut self, what: &'static str, total: u64) {
        self.end();
        (self.what, self.total, self.done) = (what, total, 0);
        if self.is_terminal {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            // The template is fixed; a bar without a style is a bar, too.
            if let Ok(style) = ProgressStyle::with_template("{msg:>10} {bar:40} {percent:>3} %  {eta}") {
                bar.set_style(style);
            }
            bar.set_message(what);
            self.bar = Some(bar);
        }
    }

    fn advance(&mut self, parts: u64) {
        let step = |done: u64| done.saturating_mul(LINES) / self.total.max(1);
        let is_due = step(self.done) < step(self.done + parts);
        self.done += parts;
        match &self.bar {
            Some(bar) => bar.inc(parts),
            None if is_due && self.total >= WORTH_SAYING => eprintln!("{}: {} of {}", self.what, self.done, self.total),
            None => {}
        }
    }
}
