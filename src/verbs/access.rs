//! `fgtkey revoke --disable` and `--enable`: an API user's key is refused from everywhere, at once and reversibly.

use crate::fortios::edit::{Edit, UserEdit};
use crate::fortios::facts::Facts;
use crate::fortios::names::ApiUser;
use crate::fortios::objects::User;
use crate::fortios::plan::{Consent, Plan, PlanError};
use crate::fortios::render::Templates;
use crate::fortios::script::Script;
use crate::fortios::transaction::Transaction;
use crate::journal::{Journal, State};

use super::console::Line;
use super::custody::{Held, Intended, planned};
use super::event::Observer;
use super::failure::{Failure, Left, MintError, Remains};
use super::order::Order;
use super::push::push;
use super::site::{Seen, Site, Start};
use super::survey::{self, Names, SurveyError};

/// Switches an API user off or on.
pub struct Access {
    /// The device.
    pub line: Line,
    /// The API user.
    pub api_user: ApiUser,
    /// Which way.
    pub switch: Switch,
    /// What the operator allows.
    pub consent: Consent,
    /// The templates.
    pub templates: Templates,
    /// Where it is remembered what the user was.
    pub journal: Journal,
}

/// Which way an API user is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Its trusted hosts go for one that nobody is at.
    Disable,
    /// They come back.
    Enable,
}

/// What a switch came to.
#[derive(Debug)]
pub struct Switched {
    /// Whether something had to be done.
    pub changed: bool,
    /// The CLI that switches it on again, where it is off now and that is known.
    pub restore: Option<Script>,
}

/// The order of a switch.
struct Switching<'a> {
    wanted: &'a User,
    consent: Consent,
}

impl Order for Switching<'_> {
    fn names(&self) -> Names<'_> {
        names(&self.wanted.name)
    }

    fn plan(&self, facts: &Facts) -> Result<Plan, PlanError> {
        Plan::access(facts, self.wanted, self.consent)
    }
}

/// The profile is none of a switch's business; a survey reads one all the same.
fn names(user: &str) -> Names<'_> {
    Names { profile: user, user }
}

impl Access {
    /// Logs in, changes the trusted hosts, reads them back. That nothing has to be done is no error.
    ///
    /// # Errors
    /// What went wrong, and what is on the device; an API user that is not there, and one that another machine has switched
    /// off, so that nobody here knows what it was.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Switched, Box<Failure>> {
        let name = self.api_user.as_str();
        let seen = survey::log_in(&self.line, &self.templates, names(name), observer).await?;
        let serial = seen.1.status.serial.clone();
        let now = seen.1.facts.objects.user.clone();
        let now = now.ok_or_else(|| MintError::Survey(SurveyError::NoUser(name.to_owned())))?;
        let held = Held::alone(self.journal.lock(&serial, name).map_err(MintError::from)?);
        let kept = self.journal.kept_disabled(&serial, name);
        let (off, vdoms) = (now.is_disabled(), seen.1.facts.vdom_mode.has_vdoms());
        if off == (self.switch == Switch::Disable) {
            seen.0.close().await;
            let restore = kept.filter(|_| off).map(|kept| self.restore(vdoms, &now, &kept)).transpose()?;
            return Ok(Switched { changed: false, restore });
        }
        let wanted = match self.switch {
            Switch::Disable => {
                // What is kept of an earlier time is not what the user is now.
                self.journal.forget_disabled(&serial, name);
                self.journal.keep_disabled(&serial, &now).map_err(MintError::from)?;
                now.disabled()
            }
            Switch::Enable => {
                let kept = kept.ok_or_else(|| MintError::NotRemembered { user: name.to_owned() })?;
                User { trusted_hosts: kept.trusted_hosts, ..now.clone() }
            }
        };
        self.change(seen, &held, &wanted, observer).await?;
        let restore = match self.switch {
            Switch::Disable => Some(self.restore(vdoms, &wanted, &now)?),
            Switch::Enable => {
                self.journal.forget_disabled(&serial, name);
                None
            }
        };
        Ok(Switched { changed: true, restore })
    }

    async fn change(
        &self,
        seen: Seen,
        held: &Held,
        wanted: &User,
        observer: &mut (dyn Observer + Send),
    ) -> Result<(), Box<Failure>> {
        let order = Switching { wanted, consent: self.consent };
        let facts = &seen.1.facts;
        let vdoms = facts.vdom_mode.has_vdoms();
        let plan = order.plan(facts).map_err(MintError::from)?;
        let intended =
            Intended { plan: &plan, before: &facts.objects, retires: None, destinations: Vec::new(), lent: None };
        self.line.pass(&seen.1.status).await?;
        let journal = self.journal.begin(planned(self.verb(), &self.line, &seen.1.status.serial, &intended)).await;
        let journal = journal.map_err(MintError::from)?;
        let start =
            Start { line: &self.line, templates: &self.templates, order: &order, transaction: Transaction::Off };
        let mut site = Site::new(start, held, seen, plan, journal);
        push(&mut site, observer).await?;
        let saved = site.save(observer).await;
        let done = site.enter(State::Done).await;
        site.close().await;
        saved.map_err(|error| self.unsaved(error, vdoms))?;
        // The device is as it was asked for, whatever the journal says.
        done.map_err(|error| Failure::boxed(error, Left::Unsaved))
    }

    fn unsaved(&self, error: MintError, vdoms: bool) -> Box<Failure> {
        let mend = self.templates.save(vdoms).ok();
        Failure::boxed(error, Left::NeedsPerson { what: Remains::NotSaved, mend })
    }

    fn verb(&self) -> &'static str {
        match self.switch {
            Switch::Disable => "revoke --disable",
            Switch::Enable => "revoke --enable",
        }
    }

    fn restore(&self, vdoms: bool, off: &User, on: &User) -> Result<Script, MintError> {
        let on = User { trusted_hosts: on.trusted_hosts.clone(), ..off.clone() };
        let edit = UserEdit::between(Some(off), &on).map(Edit::User);
        Ok(self.templates.edits(vdoms, &edit.into_iter().collect::<Vec<_>>())?)
    }
}
