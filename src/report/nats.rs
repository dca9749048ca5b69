//! The words of workers, and of runs that are submitted to them.

use super::{Reporter, Verbosity};

impl Reporter {
    /// Says that a worker waits for jobs.
    pub fn working(&mut self, site: &str, jobs: usize) {
        if self.verbosity >= Verbosity::Story {
            self.note(&format!("takes the jobs of the site {site}, up to {jobs} at once; Ctrl-C ends it"));
        }
    }

    /// Says how a job ended: `message` is why it failed.
    pub fn job_ended(&mut self, device: &str, message: Option<&str>) {
        match message {
            Some(message) => self.told(Verbosity::Quiet, device, "failed", message),
            None => self.told(Verbosity::Story, device, "sent", "what came of it is on its way to the submitter"),
        }
    }

    /// Says what was said elsewhere.
    pub fn retell_all(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.retell(line));
    }

    /// Says that jobs wait for workers, and how what comes back is collected.
    pub fn submitted(&mut self, run: &str, jobs: usize) {
        if self.verbosity >= Verbosity::Story {
            let what = if jobs == 1 { "1 job is".to_owned() } else { format!("{jobs} jobs are") };
            self.note(&format!("{what} on the queue, as the run {run}"));
            self.hint(&format!("the same command with --resume {run} instead of --detach delivers what comes back"));
        }
    }
}
