//! The verbs as what is done on each device of a fleet.

use crate::verbs::access::{Access, Switched};
use crate::verbs::audit::{Audit, Audited};
use crate::verbs::check::{Check, Checked};
use crate::verbs::event::Observer;
use crate::verbs::failure::Failure;
use crate::verbs::mint::{Mint, Minted};
use crate::verbs::plan::{Compare, Compared};
use crate::verbs::revoke::{Removal, Sight};
use crate::verbs::rotate::{Rotate, Rotated};
use crate::verbs::verify::{Proof, Verify};

use super::run::Work;

macro_rules! work {
    ($verb:ty => $done:ty) => {
        impl Work for $verb {
            type Done = $done;

            async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<$done, Box<Failure>> {
                <$verb>::run(self, observer).await
            }
        }
    };
}

work!(Access => Switched);
work!(Audit => Audited);
work!(Check => Checked);
work!(Compare => Compared);
work!(Mint => Minted);
work!(Removal => Sight);
work!(Rotate => Rotated);
work!(Verify => Proof);
