//! What is known of the keys of a cluster.

use super::version::Version;

/// The first release in which every member of a cluster knows the keys of all.
///
/// Source: reports of users on 7.4 and 7.6; the release notes do not mention it, so that it is told as what it is.
const KEYS_ARE_SYNCHRONISED_SINCE: Version = Version::new(7, 6, 0);

/// Whether a key that one member of a cluster has generated is known to the others on this release; before, it is reported
/// to be known to that member alone, though the API user is on all of them.
pub fn synchronises_keys(version: Version) -> bool {
    version >= KEYS_ARE_SYNCHRONISED_SINCE
}
