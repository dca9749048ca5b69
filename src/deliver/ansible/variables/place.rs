//! Places in a text of lines, in bytes.

/// Whether `at` is the beginning of a line: a block of text ends there, its own line end included.
pub(super) fn starts_line(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.ends_with('\n'))
}

/// A block of text ends behind the blank lines below it; they stay, whatever becomes of the block.
pub(super) fn without_blank_lines(text: &str, end: usize) -> usize {
    let above = text.get(..end).unwrap_or_default();
    if !above.ends_with('\n') {
        return end;
    }
    let filled = above.trim_end();
    behind_line(text, filled.len()).min(end)
}

/// What is left of the line at `at`, without its end.
pub(super) fn rest_of_line(text: &str, at: usize) -> &str {
    if starts_line(text, at) {
        return "";
    }
    let rest = text.get(at..).unwrap_or_default();
    rest.split(['\r', '\n']).next().unwrap_or_default()
}

/// Where the line after that of `at` begins.
pub(super) fn behind_line(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// In front of a line with `...`, else the end.
pub(super) fn end_of_document(text: &str, last: usize) -> usize {
    let mut at = if last == 0 || starts_line(text, last) { last } else { behind_line(text, last) };
    while at < text.len() {
        if text.get(at..).is_some_and(|rest| rest.starts_with("...")) {
            return at;
        }
        at = behind_line(text, at);
    }
    text.len()
}
