//! "Did you mean": the nearest known word to one that is not known.

/// How alike two words must be to be offered, from 0 (nothing in common) to 1 (equal), in Jaro-Winkler's measure.
///
/// 0.8 offers `fwgrp` for `fwgroup` and `address` for `adress`, and nothing for `banana`.
const ALIKE: f64 = 0.8;

/// The word of `known` that is most like `word`, if one is like it at all.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, candidate), candidate))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_word() {
        let groups = ["sysgrp", "netgrp", "fwgrp", "vpngrp"];
        assert_eq!(nearest("fwgroup", groups), Some("fwgrp".to_owned()));
        assert_eq!(nearest("SYSGRP", groups), Some("sysgrp".to_owned()));
        assert_eq!(nearest("adress", ["policy", "address"]), Some("address".to_owned()));
    }

    #[test]
    fn a_word_like_none_of_them_gets_no_suggestion() {
        assert_eq!(nearest("banana", ["sysgrp", "fwgrp"]), None);
        assert_eq!(nearest("", ["sysgrp"]), None);
        assert_eq!(nearest("sysgrp", []), None);
    }
}
