//! The terminal under the live display: what is drawn over itself takes one write a frame.

use std::fmt;
use std::io::{self, Write};
use std::sync::Mutex;

use indicatif::TermLike;
use terminal_size::{Height, Width, terminal_size_of};

use super::super::text::columns;

/// Where the size of the terminal is not known.
const SIZE: (u16, u16) = (80, 24);

/// A terminal on which each line ends where it ends.
///
/// `indicatif` fills its lines up to the right margin and counts on the terminal to break them there. A window that is made
/// narrower breaks such lines once more, and whoever writes behind them (the `^C` of a terminal) tears them. Here, what was
/// drawn is erased by how many lines of the present width it takes.
pub(super) struct Screen<W> {
    out: W,
    frame: Mutex<Frame>,
}

#[derive(Default)]
struct Frame {
    /// The columns that the lines on the terminal take.
    drawn: Vec<usize>,
    /// The lines of the frame that is being made.
    lines: Vec<String>,
}

impl<W> Screen<W> {
    /// Writes to `out`; the size is the terminal's on standard error.
    pub fn new(out: W) -> Screen<W> {
        Screen { out, frame: Mutex::default() }
    }
}

/// Columns and lines of the terminal on standard error.
pub(super) fn size() -> (u16, u16) {
    let size = terminal_size_of(io::stderr()).map(|(Width(width), Height(height))| (width, height));
    size.filter(|(width, height)| *width > 0 && *height > 0).unwrap_or(SIZE)
}

impl Frame {
    /// Takes away what was drawn, and draws the lines on a terminal of that width; the cursor stays behind the last one.
    fn turned(&mut self, width: usize) -> String {
        let mut text = self.erased(width);
        text.push_str(&self.lines.join("\r\n"));
        self.drawn = self.lines.drain(..).map(|line| columns(&unstyled(&line))).collect();
        text
    }

    fn erased(&self, width: usize) -> String {
        let rows: usize = self.drawn.iter().map(|columns| columns.div_ceil(width.max(1)).max(1)).sum();
        match rows {
            0 => String::new(),
            1 => "\r\x1b[J".to_owned(),
            rows => format!("\x1b[{}A\r\x1b[J", rows - 1),
        }
    }
}

/// Without the codes for colour.
fn unstyled(line: &str) -> String {
    anstream::adapter::strip_str(line).to_string()
}

impl<W: Send + Sync> TermLike for Screen<W>
where
    for<'a> &'a W: Write,
{
    fn width(&self) -> u16 {
        size().0
    }

    fn height(&self) -> u16 {
        size().1
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write_str(line)
    }

    /// A line, or the blanks that fill it.
    fn write_str(&self, text: &str) -> io::Result<()> {
        if !text.trim().is_empty() {
            let mut frame = self.frame.lock().map_err(|_| io::ErrorKind::Other)?;
            frame.lines.push(text.to_owned());
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut frame = self.frame.lock().map_err(|_| io::ErrorKind::Other)?;
        let text = frame.turned(usize::from(self.width()));
        (&self.out).write_all(text.as_bytes())?;
        (&self.out).flush()
    }
}

impl<W> fmt::Debug for Screen<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| line.to_string()).collect()
    }

    #[test]
    fn what_was_drawn_is_taken_away_by_the_lines_it_takes_now() {
        let mut screen = Frame { lines: frame(&["one", "\x1b[1mtwo\x1b[0m"]), ..Frame::default() };
        assert_eq!(screen.turned(80), "one\r\n\x1b[1mtwo\x1b[0m");
        screen.lines = frame(&["three"]);
        assert_eq!(screen.turned(80), "\x1b[1A\r\x1b[Jthree", "styles take no columns");
        assert_eq!(screen.turned(2), "\x1b[2A\r\x1b[J", "narrower: the terminal has broken it into three");
        assert_eq!(screen.turned(80), "", "nothing is drawn any more");
    }
}
