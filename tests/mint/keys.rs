//! The key: cut while it is printed, refused, generated again.

use fgtkey::verbs::Event;

use super::cases::all;
use super::scene::{NAME, RIGHT_OBJECTS, Scene, Start};
use super::story::Story;

fn lost_keys(story: &Story) -> usize {
    story.events.iter().filter(|event| **event == Event::KeyLost).count()
}

/// The reply is some 150 bytes long: prompt, key, note.
#[tokio::test]
async fn a_connection_that_dies_while_the_key_is_printed_costs_nobody_the_key() {
    let starts: [Start; 3] = [
        ("a new user", Scene::new),
        ("a key to replace", || Scene::new().having(RIGHT_OBJECTS).replacing_a_key()),
        ("a new user on 7.6 with VDOMs", || Scene::new().on("7.6.4").with_vdoms()),
    ];
    let cases = starts.into_iter().flat_map(|(name, scene)| {
        (0..170).step_by(if name == "a new user" { 1 } else { 13 }).map(move |bytes| {
            (format!("{name}, cut after {bytes} bytes"), async move {
                let fault = format!("execute api-user generate-key=cut:{bytes}");
                let story = scene().with_faults(&[&fault]).run().await;
                story.keeps_its_promises()?;
                if story.is_done() { Ok(()) } else { Err(format!("{:?}", story.error())) }
            })
        })
    });
    all(cases).await;
}

#[tokio::test]
async fn a_key_that_arrived_whole_is_kept_although_the_connection_dies_behind_it() {
    let story = Scene::new().with_faults(&["execute api-user generate-key=cut:120"]).run().await;
    story.keeps_its_promises().unwrap();
    assert!(story.is_done());
    assert_eq!(lost_keys(&story), 0);
    let generated = story.commands.iter().filter(|line| line.contains("generate-key")).count();
    assert_eq!(generated, 1);
}

#[tokio::test]
async fn a_key_is_generated_three_times_at_most_and_then_all_is_taken_back() {
    let story = Scene::new().with_faults(&["execute api-user generate-key#*=drop-after"]).run().await;
    story.keeps_its_promises().unwrap();
    assert!(matches!(story.left(), fgtkey::verbs::failure::Left::Undone(objects) if objects.len() == 2));
    assert_eq!(story.commands.iter().filter(|line| line.contains("generate-key")).count(), 3);
    assert_eq!(story.device.api_user(NAME), None, "a key that nobody knows is gone with its user");
}

#[tokio::test]
async fn a_key_that_voided_another_and_was_lost_is_told() {
    use fgtkey::verbs::failure::Remains;
    let fault = ["execute api-user generate-key#*=drop-after"];
    let story = Scene::new().having(RIGHT_OBJECTS).replacing_a_key().with_faults(&fault).run().await;
    assert!(matches!(story.remains(), Remains::KeyVoid { user } if user == NAME), "{:?}", story.remains());
    story.keeps_its_promises().unwrap();
    let story = Scene::new().having(RIGHT_OBJECTS).with_faults(&fault).run().await;
    assert!(matches!(story.remains(), Remains::KeyUnknown { user } if user == NAME), "{:?}", story.remains());
    // Before it was done there was no key, so none is void.
    let before = ["execute api-user generate-key#*=drop"];
    let story = Scene::new().having(RIGHT_OBJECTS).with_faults(&before).run().await;
    assert!(matches!(story.left(), fgtkey::verbs::failure::Left::Untouched));
    story.keeps_its_promises().unwrap();
}

#[tokio::test]
async fn a_refused_key_voids_nothing() {
    let fault = ["execute api-user generate-key#*=refuse"];
    let story = Scene::new().having(RIGHT_OBJECTS).replacing_a_key().with_faults(&fault).run().await;
    assert!(matches!(story.left(), fgtkey::verbs::failure::Left::Untouched));
    story.keeps_its_promises().unwrap();
}
