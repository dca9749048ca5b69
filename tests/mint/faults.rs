//! One fault at each line of a mint.

use std::time::{Duration, Instant};

use super::cases::all;
use super::scene::{OTHER_OBJECTS, RIGHT_OBJECTS, Scene};

/// What a device was when the mint began.
#[derive(Clone, Copy)]
struct Start {
    name: &'static str,
    scene: fn(Scene) -> Scene,
}

const STARTS: [Start; 4] = [
    Start { name: "nothing there", scene: |scene| scene },
    Start { name: "objects to alter", scene: |scene| scene.having(OTHER_OBJECTS) },
    Start { name: "right objects without a key", scene: |scene| scene.having(RIGHT_OBJECTS) },
    Start {
        name: "objects to alter and a key to replace",
        scene: |scene| scene.having(OTHER_OBJECTS).replacing_a_key(),
    },
];

const ACTIONS: [&str; 7] = ["refuse", "drop", "drop-after", "hang", "hang-after", "cut:40", "ask"];

async fn every_fault(device: fn(Scene) -> Scene) {
    let mut cases = Vec::new();
    for start in STARTS {
        let scene = move || (start.scene)(device(Scene::new()));
        let (clean, _) = scene().device();
        let prefix = clean.commands().len();
        let story = scene().run().await;
        story.keeps_its_promises().unwrap();
        assert!(story.is_done(), "{}: {:?}", start.name, story.error());
        for (at, line) in story.commands.iter().enumerate() {
            for action in ACTIONS {
                let name = format!("{}, {action} at line {} `{line}`", start.name, at + 1);
                cases.push((name, async move {
                    let fault = format!("{}={action}", prefix + at + 1);
                    let within = Duration::from_millis(if action.starts_with("hang") { 700 } else { 20_000 });
                    let story = scene().with_faults(&[&fault]).silent_after(within).run().await;
                    story.keeps_its_promises()
                }));
            }
        }
    }
    let (count, began) = (cases.len(), Instant::now());
    all(cases).await;
    eprintln!("{count} mints in {:.1} s", began.elapsed().as_secs_f32());
}

#[tokio::test]
async fn no_fault_leaves_anything_unsaid_on_7_4() {
    every_fault(|scene| scene).await;
}

#[tokio::test]
async fn no_fault_leaves_anything_unsaid_on_7_4_with_vdoms() {
    every_fault(Scene::with_vdoms).await;
}

#[tokio::test]
async fn no_fault_leaves_anything_unsaid_on_7_6_which_asks_for_the_password() {
    every_fault(|scene| scene.on("7.6.4")).await;
}
