//! The words for what a transcript holds.
