//! Columns that fit a width.

/// Between two columns.
const GAP: usize = 2;

/// Text in lines of at most `width` characters, broken at blanks; a longer word is cut.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let taken = line.chars().count();
        if taken > 0 && taken + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        } else if taken > 0 {
            line.push(' ');
        }
        for c in word.chars() {
            if line.chars().count() == width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// Rows of cells, each a list of texts that begin a line of their own. The columns share `width`: those before the last take
/// what they need, the widest first giving way.
pub(super) fn rows(cells: &[Vec<Vec<String>>], width: usize) -> Vec<Vec<String>> {
    let columns = cells.iter().map(Vec::len).max().unwrap_or_default();
    let needs = |column: usize| {
        let texts = cells.iter().filter_map(|row| row.get(column)).flatten();
        texts.map(|text| text.chars().count()).max().unwrap_or_default()
    };
    let widths = fitted((0..columns).map(needs).collect(), width.saturating_sub(GAP * columns.saturating_sub(1)));
    cells.iter().map(|row| lines(row, &widths)).collect()
}

/// The widths, the widest made narrower until they fit.
fn fitted(mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let Some(widest) = widths.iter_mut().max_by_key(|width| **width).filter(|width| **width > 1) else { break };
        *widest -= 1;
        excess -= 1;
    }
    widths
}

fn lines(row: &[Vec<String>], widths: &[usize]) -> Vec<String> {
    let cells: Vec<Vec<String>> = row
        .iter()
        .zip(widths)
        .map(|(texts, width)| texts.iter().flat_map(|text| wrapped(text, *width)).collect())
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    let line = |at: usize| {
        let parts = cells.iter().zip(widths).map(|(cell, width)| {
            let text = cell.get(at).map(String::as_str).unwrap_or_default();
            format!("{text:width$}")
        });
        parts.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_at_blanks_and_long_words_are_cut() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn columns_share_the_width_and_no_line_is_longer() {
        let row = vec![vec!["name".to_owned()], vec!["a long text that has to give way".to_owned()], vec!["x".into()]];
        for width in [10, 20, 30, 60] {
            for lines in rows(std::slice::from_ref(&row), width) {
                assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:?}");
            }
        }
        assert_eq!(rows(&[row], 80), [["name  a long text that has to give way  x"]]);
    }
}
