//! Consumers that read the key before every request, while it is rotated under them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use fgtkey::verbs::rotate::Way;

use super::api::Consumer;
use super::scene::Scene;

/// How often the key is rotated: a hundred times where the machine is there for that.
fn rounds() -> usize {
    if std::env::var_os("FGTKEY_REQUIRE_PEERS").is_some() { 100 } else { 6 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_of_a_file_see_no_refused_request_however_often_its_key_is_rotated() {
    let site = Scene::new().start().await;
    let first = format!("FORTIOS_ACCESS_TOKEN={}\n", site.key());
    std::fs::write(site.destination(), first).unwrap();
    let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let consumers: Vec<_> = (0..3)
        .map(|_| {
            let (over, asked, path) = (Arc::clone(&over), Arc::clone(&asked), site.destination());
            let consumer = Consumer::of(&site.device, &site.https);
            tokio::spawn(async move {
                let mut refused = 0;
                while !over.load(Ordering::Relaxed) {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let key = text.lines().find_map(|line| line.strip_prefix("FORTIOS_ACCESS_TOKEN=")).unwrap();
                    refused += usize::from(consumer.asks(key).await != 200);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
                refused
            })
        })
        .collect();
    for round in 0..rounds() {
        let story = site.run(Way::Grace(Duration::from_millis(300))).await;
        assert_eq!(story.exit(), 0, "round {round}: {:?}", story.said());
    }
    over.store(true, Ordering::Relaxed);
    for consumer in consumers {
        assert_eq!(consumer.await.unwrap(), 0, "refused requests");
    }
    eprintln!("{} requests in {} rotations", asked.load(Ordering::Relaxed), rounds());
    assert!(asked.load(Ordering::Relaxed) > rounds());
}
