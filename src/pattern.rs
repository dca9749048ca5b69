//! Regular expressions that are part of the program.

use regex::{Regex, RegexSet};

/// A pattern that stands in the source. It either compiles or the program is broken: passing over that once made a build
/// without the tests' crate features blind to FortiOS 7.6's password question.
#[expect(
    clippy::expect_used,
    reason = "a constant; a pattern that does not compile must not be passed over in silence"
)]
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of the program compiles")
}

/// Several of them, matched together.
#[expect(clippy::expect_used, reason = "as for `pattern`")]
pub fn patterns(texts: &[&str]) -> RegexSet {
    RegexSet::new(texts).expect("the patterns of the program compile")
}
