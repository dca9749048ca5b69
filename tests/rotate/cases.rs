//! Many cases at once.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use tokio::sync::Semaphore;
use tokio::task::LocalSet;

/// Runs many cases at once on one thread; the failures of all of them are one panic.
pub async fn all<F>(cases: impl IntoIterator<Item = (String, F)>)
where
    F: Future<Output = Result<(), String>> + 'static,
{
    let (local, turns, failures) = (LocalSet::new(), Rc::new(Semaphore::new(96)), Rc::new(RefCell::new(Vec::new())));
    let mut count = 0;
    for (name, case) in cases {
        let (turns, failures) = (Rc::clone(&turns), Rc::clone(&failures));
        count += 1;
        local.spawn_local(async move {
            let _turn = turns.acquire().await;
            if let Err(error) = case.await {
                failures.borrow_mut().push(format!("{name}: {error}"));
            }
        });
    }
    local.await;
    let failures = failures.borrow();
    assert!(count > 0, "no case was run");
    assert!(failures.is_empty(), "{} of {count} cases failed\n{}", failures.len(), failures.join("\n\n"));
}
