//! Rotation without an outage: which of two API users is in use, and which takes the next key.
//!
//! A new key voids the API user's old one at once, so that a key can be replaced without an outage only by that of another
//! API user. A rotation goes to and fro between two, `NAME-a` and `NAME-b`. The plain `NAME`, which a mint has made, stands
//! where `NAME-a` would: its key is followed by one on `NAME-b`, and that by one on `NAME-a`.
//!
//! Whoever names `X-a` or `X-b` means that pair, and never a plain `X`, which may be somebody else's. Two API users that are
//! called like a pair and are none are told by their keys (nobody remembers which of them is in use) or by their profiles.
//!
//! Nothing here can end in a void key that somebody uses: the idle one has no key, or one that was never delivered, or one
//! that the operator says nobody uses.

use super::names::{ApiUser, NameError, Rule};
use super::objects::User;
use super::show::ShowError;

/// The names that a rotation goes between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    plain: Option<ApiUser>,
    a: ApiUser,
    b: ApiUser,
}

/// Those API users of a pair that a device has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users(Vec<User>);

/// What earlier runs knew of a pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The API user with the newest key that was delivered.
    pub in_use: Option<String>,
    /// Whether the one before it was retired.
    pub finished: bool,
    /// The one before it, which that key was to replace.
    pub retires: Option<String>,
    /// The API user whose newest key was generated and never delivered, nor kept in an escrow, so that nobody has it.
    pub undelivered: Option<String>,
}

/// The next rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The API user whose key is used.
    pub in_use: User,
    /// The name of the one that gets the new key.
    pub idle: ApiUser,
    /// That one as it is; `None`: it is not there. If it has a key, nobody uses it.
    pub idle_now: Option<User>,
    /// Who is to go once the new key is where it is used; the one in use first.
    pub retire: Vec<String>,
    /// Who has a key too and is left alone, because nothing is known of it.
    pub others: Vec<String>,
}

/// What an earlier rotation has left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The API user whose key is used.
    pub in_use: User,
    /// Who is to go; nobody: it is finished.
    pub retire: Vec<String>,
    /// Who has a key too and is left alone, because nothing is known of it.
    pub others: Vec<String>,
}

/// Why nothing must be rotated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// `--current` names one without a key.
    #[error("{user} has no key on this device, so it cannot be the one that is used; {} has", and(.holders))]
    CurrentWithoutKey {
        /// As named.
        user: String,
        /// Those that have.
        holders: Vec<String>,
    },
    /// The name of one of the pair is none.
    #[error("the rotation goes between two API users: {0}")]
    Name(#[from] NameError),
    /// Nobody has a key.
    #[error("there is no key to replace: of {} none has one", and(.users))]
    NoKey {
        /// The names of the pair.
        users: Vec<String>,
    },
    /// Named like a pair, but another's.
    #[error("{user} is not the other one of {in_use}: its profile is another")]
    Stranger {
        /// The one that would have been idle.
        user: String,
        /// The one in use.
        in_use: String,
    },
    /// The key of the one in use has not reached its destinations.
    #[error("the key of {user} is still in the escrow: not every destination has it")]
    InEscrow {
        /// The one in use.
        user: String,
    },
    /// Several have keys, and which of them is used is not known here.
    #[error("{} have keys, and which of them is used is not known here", and(.users))]
    Unclear {
        /// Those that have.
        users: Vec<String>,
    },
    /// The last rotation is not finished.
    #[error("the rotation from {old} to {in_use} is not finished: the key of {old} may still be used")]
    Unfinished {
        /// The one with the newest delivered key.
        in_use: String,
        /// The one before it.
        old: String,
    },
    /// The one that is remembered is gone, and several others have keys.
    #[error("{user}, which had the newest key, has none any more, and {} have keys", and(.holders))]
    Vanished {
        /// As remembered.
        user: String,
        /// Those that have keys.
        holders: Vec<String>,
    },
}

fn and(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

impl RotationError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            RotationError::CurrentWithoutKey { holders, .. } => {
                holders.first().map(|holder| format!("--current {holder}, or leave it out"))
            }
            RotationError::Name(NameError { rule: Rule::TooLong { .. }, .. }) => {
                Some("--in-place keeps the name, and cuts the consumers off until they have the new key".to_owned())
            }
            RotationError::Name(error) => error.hint(),
            RotationError::InEscrow { .. } => Some("`fgtkey deliver --resume` delivers it".to_owned()),
            RotationError::NoKey { .. } => Some("`fgtkey mint` makes the first".to_owned()),
            RotationError::Stranger { .. } => {
                Some("--in-place keeps the name; or name another API user with --api-user".to_owned())
            }
            RotationError::Unclear { .. } | RotationError::Vanished { .. } => {
                let current = "name the one that is used with --current NAME: the key of the other becomes void";
                Some(format!("{current}; with --finish no new one is made"))
            }
            RotationError::Unfinished { old, .. } => Some(format!("`fgtkey rotate --finish` retires {old}")),
        }
    }
}

impl Pair {
    /// The pair that an API user belongs to.
    ///
    /// # Errors
    /// [`RotationError::Name`] when a name is too long for the `-a` and `-b` behind it (33 bytes are the most).
    pub fn of(name: &ApiUser) -> Result<Pair, RotationError> {
        let text = name.as_str();
        let base = text.strip_suffix("-a").or_else(|| text.strip_suffix("-b")).filter(|base| !base.is_empty());
        let of = |suffix| format!("{}{suffix}", base.unwrap_or(text)).parse::<ApiUser>();
        let plain = base.is_none().then(|| name.clone());
        Ok(Pair { plain, a: of("-a")?, b: of("-b")? })
    }

    /// No pair, but one API user alone, under whatever name: its key is replaced where it is.
    pub fn only(name: &ApiUser) -> Pair {
        Pair { plain: None, a: name.clone(), b: name.clone() }
    }

    /// What both names begin with: a name for the pair.
    pub fn base(&self) -> &str {
        let a = self.a.as_str();
        a.strip_suffix("-a").unwrap_or(a)
    }

    /// The API users of the pair: the plain one, when that is one of them, then `-a`, then `-b`.
    pub fn names(&self) -> impl Iterator<Item = &ApiUser> {
        let b = (self.b != self.a).then_some(&self.b);
        self.plain.iter().chain([&self.a]).chain(b)
    }

    /// The one that takes turns with `user`.
    pub fn other(&self, user: &str) -> &ApiUser {
        if user == self.b.as_str() { &self.a } else { &self.b }
    }

    /// Whether the two stand at different places of the pair; the plain one and `-a` stand at the same.
    fn take_turns(&self, one: &str, another: &str) -> bool {
        (one == self.b.as_str()) != (another == self.b.as_str())
    }
}

impl Users {
    /// These.
    pub fn of(users: impl IntoIterator<Item = User>) -> Users {
        Users(users.into_iter().collect())
    }

    /// Takes one out of what `show system api-user NAME` printed.
    ///
    /// # Errors
    /// When what was printed is not whole.
    pub fn read(&mut self, name: &ApiUser, printed: &[String]) -> Result<(), ShowError> {
        self.0.extend(User::find(name.as_str(), printed)?);
        Ok(())
    }

    /// One of them, when it is there.
    pub fn get(&self, name: &str) -> Option<&User> {
        self.0.iter().find(|user| user.name == name)
    }

    fn holders(&self) -> impl Iterator<Item = &User> {
        self.0.iter().filter(|user| user.has_key)
    }
}

/// What is known of an API user that has a key and is not the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nobody has its key, or nobody uses it.
    Unused,
    /// Its key was the one before, and may still be used.
    Old,
    /// Nothing.
    Unknown,
}

/// A pair on a device, with what is known of it.
struct View<'a> {
    pair: &'a Pair,
    users: &'a Users,
    remembered: &'a Remembered,
    current: Option<&'a str>,
    in_use: &'a User,
}

impl<'a> View<'a> {
    fn of(
        pair: &'a Pair,
        users: &'a Users,
        remembered: &'a Remembered,
        current: Option<&'a str>,
    ) -> Result<View<'a>, RotationError> {
        let in_use = in_use(pair, users, remembered, current)?;
        Ok(View { pair, users, remembered, current, in_use })
    }

    fn others(&self) -> impl Iterator<Item = (&'a User, Standing)> {
        self.users.holders().filter(|user| user.name != self.in_use.name).map(|user| (user, self.standing(user)))
    }

    fn standing(&self, user: &User) -> Standing {
        let turns = self.pair.take_turns(&user.name, &self.in_use.name);
        let is_newest = self.remembered.in_use.as_ref() == Some(&self.in_use.name);
        if self.remembered.undelivered.as_ref() == Some(&user.name) || (turns && self.current.is_some()) {
            Standing::Unused
        } else if turns && is_newest && !self.remembered.finished && self.is_to_go(user) {
            Standing::Old
        } else {
            Standing::Unknown
        }
    }

    /// Whether that user is the one that the newest key was to replace: another one has got its key from somebody else.
    fn is_to_go(&self, user: &User) -> bool {
        self.remembered.retires.as_ref() == Some(&user.name)
    }

    /// Refuses the other one of a pair that was only concluded from a name, when it is not like the one in use.
    fn check_alike(&self, other: Option<&User>) -> Result<(), RotationError> {
        let is_ours = |user: &User| self.remembered.undelivered.as_ref() == Some(&user.name);
        match other.filter(|user| self.pair.plain.is_none() && !is_ours(user)) {
            Some(user) if user.value("accprofile") != self.in_use.value("accprofile") => {
                Err(RotationError::Stranger { user: user.name.clone(), in_use: self.in_use.name.clone() })
            }
            _ => Ok(()),
        }
    }

    fn unclear(&self) -> RotationError {
        RotationError::Unclear { users: names(self.users.holders()) }
    }
}

fn in_use<'a>(
    pair: &Pair,
    users: &'a Users,
    remembered: &Remembered,
    current: Option<&str>,
) -> Result<&'a User, RotationError> {
    let holders: Vec<&User> = users.holders().collect();
    let named = |name: &str| holders.iter().copied().find(|user| user.name == name);
    let is_delivered = |user: &&User| remembered.undelivered.as_ref() != Some(&user.name);
    match (holders.as_slice(), current, remembered.in_use.as_deref()) {
        ([], _, _) => Err(RotationError::NoKey { users: pair.names().map(ToString::to_string).collect() }),
        (_, Some(user), _) => named(user)
            .ok_or_else(|| RotationError::CurrentWithoutKey { user: user.to_owned(), holders: names(holders.clone()) }),
        // Whatever is remembered: there is no other key that somebody could use.
        ([only], None, _) => Ok(only),
        (_, None, Some(user)) => named(user)
            .ok_or_else(|| RotationError::Vanished { user: user.to_owned(), holders: names(holders.clone()) }),
        (holders, None, None) => match holders.iter().copied().filter(is_delivered).collect::<Vec<_>>().as_slice() {
            [only] => Ok(only),
            _ => Err(RotationError::Unclear { users: names(holders.iter().copied()) }),
        },
    }
}

fn names<'a>(users: impl IntoIterator<Item = &'a User>) -> Vec<String> {
    users.into_iter().map(|user| user.name.clone()).collect()
}

impl Rotation {
    /// Decides the next rotation of a pair; `current` is the one that the operator says is used.
    ///
    /// # Errors
    /// [`RotationError`], when it cannot be told which key is used, or when the last rotation is not finished.
    pub fn next(
        pair: &Pair,
        users: &Users,
        remembered: &Remembered,
        current: Option<&str>,
    ) -> Result<Rotation, RotationError> {
        let view = View::of(pair, users, remembered, current)?;
        let in_use = view.in_use;
        let idle = pair.other(&in_use.name);
        let idle_now = users.get(idle.as_str());
        let (mut retire, mut others) = (vec![in_use.name.clone()], Vec::new());
        for (user, standing) in view.others() {
            let is_idle = user.name == idle.as_str();
            match standing {
                Standing::Unused if is_idle => {}
                Standing::Unused => retire.push(user.name.clone()),
                Standing::Old => {
                    return Err(RotationError::Unfinished { in_use: in_use.name.clone(), old: user.name.clone() });
                }
                Standing::Unknown if is_idle => return Err(view.unclear()),
                Standing::Unknown => others.push(user.name.clone()),
            }
        }
        view.check_alike(idle_now)?;
        Ok(Rotation { in_use: in_use.clone(), idle: idle.clone(), idle_now: idle_now.cloned(), retire, others })
    }
}

impl Leftover {
    /// Decides what is left to do of the last rotation: `rotate --finish`.
    ///
    /// # Errors
    /// [`RotationError`], when it cannot be told which key is used.
    pub fn of(
        pair: &Pair,
        users: &Users,
        remembered: &Remembered,
        current: Option<&str>,
    ) -> Result<Leftover, RotationError> {
        let view = View::of(pair, users, remembered, current)?;
        let (mut retire, mut others) = (Vec::new(), Vec::new());
        for (user, standing) in view.others() {
            match standing {
                Standing::Unused | Standing::Old => {
                    view.check_alike(Some(user))?;
                    retire.push(user.name.clone());
                }
                Standing::Unknown if pair.take_turns(&user.name, &view.in_use.name) => return Err(view.unclear()),
                Standing::Unknown => others.push(user.name.clone()),
            }
        }
        Ok(Leftover { in_use: view.in_use.clone(), retire, others })
    }
}

#[cfg(test)]
mod tests;
