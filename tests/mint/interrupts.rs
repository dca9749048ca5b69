//! The operator interrupts.

use fgtkey::verbs::failure::Left;

use super::cases::all;
use super::scene::{OTHER_OBJECTS, Scene, Start};

#[tokio::test]
async fn an_interruption_at_any_line_leaves_a_clean_device_or_a_delivered_key() {
    let starts: [Start; 3] = [
        ("a new user", Scene::new),
        ("objects to alter", || Scene::new().having(OTHER_OBJECTS)),
        ("a key to replace on 7.6 with VDOMs", || {
            Scene::new().on("7.6.4").with_vdoms().having(OTHER_OBJECTS).replacing_a_key()
        }),
    ];
    let mut cases = Vec::new();
    for (name, scene) in starts {
        let clean = scene().run().await;
        let generated = clean.commands.iter().position(|line| line.contains("generate-key")).unwrap();
        for at in 0..clean.commands.len() {
            cases.push((format!("{name}, at line {} `{}`", at + 1, clean.commands[at]), async move {
                let story = scene().interrupted_at(at + 1, "").run().await;
                story.keeps_its_promises()?;
                match (&story.result, at >= generated) {
                    (Ok(_), true) => Ok(()),
                    (Err(failure), false) if failure.error.is_interrupt() => match &failure.left {
                        Left::Untouched | Left::Undone(_) => Ok(()),
                        left => Err(format!("{left:?}")),
                    },
                    (other, _) => Err(format!("{other:?}")),
                }
            }));
        }
    }
    all(cases).await;
}

#[tokio::test]
async fn an_interruption_after_a_key_was_lost_comes_too_late() {
    let scene = Scene::new().having(super::scene::RIGHT_OBJECTS).replacing_a_key();
    let story = scene
        .with_faults(&["execute api-user generate-key=drop-after"])
        .interrupted_at(1, "execute api-user")
        .run()
        .await;
    assert!(story.is_done(), "{:?}", story.error());
    story.keeps_its_promises().unwrap();
}
