//! What came of one rotation, and the promises that hold for every one.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use fgtkey::report::{Exit, Reporter, Verbosity};
use fgtkey::verbs::Event;
use fgtkey::verbs::failure::{Failure, Left, MintError, Remains};
use fgtkey::verbs::rotate::Rotated;

use super::scene::Site;

/// Everything after it.
#[derive(Debug)]
pub struct Story {
    pub result: Result<Rotated, Box<Failure>>,
    pub events: Vec<Event>,
    /// The commands that it sent, over all its sessions.
    pub commands: Vec<String>,
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Story {
    pub fn error(&self) -> &MintError {
        &self.result.as_ref().expect_err("the rotation succeeded").error
    }

    pub fn left(&self) -> &Left {
        &self.result.as_ref().expect_err("the rotation succeeded").left
    }

    /// The API users that were told to be gone, in order.
    pub fn retired(&self) -> Vec<&str> {
        let retired = self.events.iter().filter_map(|event| match event {
            Event::Retired { api_user } => Some(api_user.as_str()),
            _ => None,
        });
        retired.collect()
    }

    /// The exit status and all that is said to the person but the story.
    pub fn said(&self) -> (u8, String) {
        let page = Page::default();
        let mut reporter = Reporter::on(Box::new(page.clone()), false, Verbosity::Story);
        let exit = match &self.result {
            Ok(Rotated::New { interrupted: true, .. }) => reporter.not_waited("fw1"),
            Ok(_) => Exit::Done,
            Err(failure) => reporter.failed("fw1", failure),
        };
        drop(reporter);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        (exit.status(), text)
    }

    pub fn exit(&self) -> u8 {
        self.said().0
    }

    /// What holds however a rotation ends: the consumers' key is live, nothing is claimed that is not so, no secret is told.
    pub fn keeps_its_promises(&self, site: &Site) -> Result<(), String> {
        let told = format!("{:?} {:?} {:?} {}", self.events, self.result, self.said(), site.journal_text());
        let secrets = site.keys.iter().map(|(_, key)| key.clone()).chain([site.delivered()]);
        if let Some(secret) = secrets.filter(|key| !key.is_empty()).find(|key| told.contains(key.as_str())) {
            return Err(format!("{secret} leaks: {told}"));
        }
        let user = site.user_in_use().ok_or_else(|| format!("the consumers have a dead key: {:?}", self.result))?;
        match &self.result {
            Ok(Rotated::New { record, .. }) if record.api_user.as_ref() != Some(&user) => {
                Err(format!("{user} is in use, and the record is of {:?}", record.api_user))
            }
            Ok(_) => Ok(()),
            Err(failure) => self.is_true(failure, site, &user),
        }
    }

    fn is_true(&self, failure: &Failure, site: &Site, in_use: &str) -> Result<(), String> {
        let old = &site.name;
        let lives = site.device.key_is_live(old, site.key());
        match &failure.left {
            Left::Untouched | Left::Undone(_) if in_use != old => Err(format!("{:?}, but {in_use}", failure.left)),
            Left::Untouched | Left::Undone(_) => match site.device.api_users().as_slice() {
                [only] if only == old => Ok(()),
                users => Err(format!("{:?}, but there are {users:?}", failure.left)),
            },
            Left::OldStays { user } if user != old || !lives || in_use == old => {
                Err(format!("{:?}, but {in_use} is in use, and that the old key lives is {lives}", failure.left))
            }
            Left::NeedsPerson { what: Remains::NotGone { user }, .. } if user != old || in_use == old => {
                Err(format!("{:?}, but {in_use} is in use", failure.left))
            }
            Left::NeedsPerson { what: Remains::KeyVoid { .. }, .. } => Err(format!("{:?}", failure.left)),
            _ => Ok(()),
        }
    }
}
