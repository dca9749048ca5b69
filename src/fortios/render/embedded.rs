//! The templates that are part of the program.

/// The jobs, by the names of their template files.
pub(super) const EMBEDDED: [(&str, &str); 23] = [
    ("api-user.cli", include_str!("../../../templates/api-user.cli")),
    ("audit-interfaces.cli", include_str!("../../../templates/audit-interfaces.cli")),
    ("audit.cli", include_str!("../../../templates/audit.cli")),
    ("authorities.cli", include_str!("../../../templates/authorities.cli")),
    ("authority.cli", include_str!("../../../templates/authority.cli")),
    ("certificates.cli", include_str!("../../../templates/certificates.cli")),
    ("check.cli", include_str!("../../../templates/check.cli")),
    ("delete-profile.cli", include_str!("../../../templates/delete-profile.cli")),
    ("generate-key.cli", include_str!("../../../templates/generate-key.cli")),
    ("global.cli", include_str!("../../../templates/global.cli")),
    ("https.cli", include_str!("../../../templates/https.cli")),
    ("own-profile.cli", include_str!("../../../templates/own-profile.cli")),
    ("profile-users.cli", include_str!("../../../templates/profile-users.cli")),
    ("profile.cli", include_str!("../../../templates/profile.cli")),
    ("read-back.cli", include_str!("../../../templates/read-back.cli")),
    ("revoke.cli", include_str!("../../../templates/revoke.cli")),
    ("rotation-survey.cli", include_str!("../../../templates/rotation-survey.cli")),
    ("save.cli", include_str!("../../../templates/save.cli")),
    ("status.cli", include_str!("../../../templates/status.cli")),
    ("survey.cli", include_str!("../../../templates/survey.cli")),
    ("system.cli", include_str!("../../../templates/system.cli")),
    ("transaction.cli", include_str!("../../../templates/transaction.cli")),
    ("user.cli", include_str!("../../../templates/user.cli")),
];
