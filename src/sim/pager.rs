//! The pager: `--More-- ` and what the keys do at it.

use std::collections::VecDeque;

/// What the device shows while it waits, without a line end.
pub(super) const MORE: &[u8] = b"--More-- ";

/// What it sends when a key goes on: the mark is overwritten (oxidized, captures of 7.4.7 and 7.4.8).
pub(super) const ERASE: &[u8] = b"\r         \r";

/// Output that is waiting to be shown, in lines without their ends.
#[derive(Debug, Default)]
pub(super) struct Pager {
    lines: VecDeque<String>,
    columns: usize,
}

impl Pager {
    pub(super) fn new(body: &str, columns: usize) -> Self {
        Pager { lines: body.lines().map(str::to_owned).collect(), columns: columns.max(1) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines that fit into so many rows of the terminal; at least one.
    pub(super) fn page(&mut self, rows: usize) -> Vec<String> {
        let (mut page, mut used) = (Vec::new(), 0);
        while let Some(line) = self.lines.front() {
            used += line.chars().count().div_ceil(self.columns).max(1);
            if used > rows && !page.is_empty() {
                break;
            }
            page.extend(self.lines.pop_front());
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_counts_rows_of_the_terminal_not_lines() {
        let mut pager = Pager::new("one\nlonger than ten\nthree\n", 10);
        assert_eq!(pager.page(3), ["one", "longer than ten"]);
        assert_eq!(pager.page(3), ["three"]);
        assert!(pager.is_empty());
    }
}
