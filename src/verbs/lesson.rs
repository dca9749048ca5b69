//! What a device tells over SSH of its HTTPS administration: the port, and the certificates by which it is recognised.

use crate::fortios::certificate::ShownCertificate;
use crate::fortios::https::Https;
use crate::fortios::render::{CertificatePlace, Paging, RenderError, Templates};
use crate::fortios::script::Script;
use crate::rest::Presented;
use crate::session::Reply;
use crate::session::fault::{Fault, FaultKind};

use super::console::{Console, Line};
use super::event::{Event, Observer};

/// The authority that signs what a FortiGate presents unless somebody chose otherwise. It is one of the device's own
/// certificates. Source: FortiOS administration guide 499047.
const OWN_AUTHORITY: &str = "Fortinet_CA_SSL";

/// What is presented by default: today, and on older firmware. For a device that does not say what it presents.
const USUAL: [&str; 3] = ["Fortinet_GUI_Server", "self-sign", "Fortinet_Factory"];

/// Somebody who asks a device about itself, over a session at its base prompt.
pub(super) struct Lesson<'a> {
    pub(super) console: &'a mut Console,
    pub(super) line: &'a Line,
    pub(super) templates: &'a Templates,
    /// Whether the device has VDOMs.
    pub(super) vdoms: bool,
    pub(super) observer: &'a mut (dyn Observer + Send),
}

/// Why it cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum LessonError {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Render(#[from] RenderError),
}

impl LessonError {
    pub(super) fn is_interrupt(&self) -> bool {
        matches!(self, LessonError::Fault(fault) if fault.kind == FaultKind::Interrupted)
    }
}

impl Lesson<'_> {
    /// Port and certificate of HTTPS administration, as far as the device prints them.
    pub(super) async fn https(&mut self) -> Result<Https, LessonError> {
        let script = self.templates.https(self.vdoms)?;
        let printed: Vec<String> = self.run(&script).await?.into_iter().flat_map(|reply| reply.body).collect();
        if let Some(https) = Https::of(&printed) {
            return Ok(https);
        }
        // A shell that takes no pipe.
        let script = self.templates.global(self.vdoms)?;
        Ok(Https::parse(self.run(&script).await?.iter().flat_map(|reply| &reply.body)))
    }

    /// The certificate that is presented, and the authority that signs it by default.
    pub(super) async fn certificates(&mut self, https: &Https) -> Result<Vec<ShownCertificate>, LessonError> {
        let mut names: Vec<&str> = https.certificate.as_deref().map_or_else(|| USUAL.to_vec(), |name| vec![name]);
        names.push(OWN_AUTHORITY);
        for place in self.places() {
            let script = self.templates.certificates(place, &names)?;
            let shown = shown(&self.run(&script).await?);
            if !shown.is_empty() {
                return Ok(shown);
            }
        }
        Ok(Vec::new())
    }

    /// The authorities that may have signed what was presented: those with the name of its issuer.
    pub(super) async fn authorities(&mut self, leaf: &Presented) -> Result<Vec<ShownCertificate>, LessonError> {
        for place in self.places() {
            let script = self.templates.authorities(place)?;
            let known = shown(&self.run(&script).await?);
            let mut issuers: Vec<_> = known.iter().filter(|known| leaf.names_as_issuer(known)).cloned().collect();
            for issuer in &mut issuers {
                self.read_whole(place, issuer).await?;
            }
            if !known.is_empty() {
                return Ok(issuers);
            }
        }
        Ok(Vec::new())
    }

    /// The certificate itself, where the device prints it: not of those that came with the firmware.
    async fn read_whole(
        &mut self,
        place: CertificatePlace,
        authority: &mut ShownCertificate,
    ) -> Result<(), LessonError> {
        let script = self.templates.authority(place, &authority.name)?;
        let replies = self.run(&script).await?;
        let printed: Vec<String> = replies.iter().flat_map(|reply| reply.body.iter().cloned()).collect();
        // What is not printed whole is as good as not printed: the fingerprint is there too.
        let _ = authority.read_pem(&printed);
        Ok(())
    }

    /// The spellings to try, the likely one first; piped, then not.
    fn places(&self) -> impl Iterator<Item = CertificatePlace> + use<> {
        let vdoms = self.vdoms;
        [Paging::Avoided, Paging::Answered]
            .into_iter()
            .flat_map(move |paging| [vdoms, !vdoms].map(|global| CertificatePlace { vdoms, global, paging }))
    }

    /// Tells something about the device.
    pub(super) fn tell(&mut self, event: Event) {
        self.observer.on(&self.line.endpoint.name, event);
    }

    /// Runs reads; where typing ahead was not right, there is no answer, and the session is at its prompt again.
    async fn run(&mut self, script: &Script) -> Result<Vec<Reply>, Fault> {
        match self.console.run(self.line, script, self.observer).await {
            Err(fault) if fault.kind == FaultKind::Overrun => {
                self.console.recover(self.line, self.observer).await?;
                Ok(Vec::new())
            }
            Err(fault) if self.console.is_alive() => {
                self.console.recover(self.line, self.observer).await?;
                Err(fault)
            }
            replies => replies,
        }
    }
}

fn shown(replies: &[Reply]) -> Vec<ShownCertificate> {
    replies.iter().flat_map(|reply| ShownCertificate::parse(&reply.body)).collect()
}
