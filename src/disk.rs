//! Files that are made to last together.
//!
//! A run over a fleet writes a few hundred bytes for each step of each device, and must not go on before they are on the
//! disk. One sync a step would be what the run spends its time on; here whoever waits shares the next one with all others
//! who wait, as databases do.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How long a sync waits for others who want one: nothing to a device, and with hundreds of them a fraction of the syncs.
const GATHERING: Duration = Duration::from_millis(3);

/// The disk, as far as one run writes to it.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    shared: Arc<Shared>,
    /// Wakes the thread that syncs, which ends with this.
    thread: OnceLock<Option<Sender<()>>>,
}

#[derive(Debug)]
struct Shared {
    files: Mutex<Vec<Arc<Written>>>,
    asked: Mutex<Asked>,
    /// How far everything is on the disk: up to which question; the system's reason once that failed.
    lasting: watch::Sender<Result<u64, io::ErrorKind>>,
}

/// Who wants to know.
#[derive(Debug, Default)]
struct Asked {
    /// The number of the last question.
    last: u64,
    /// Somebody is at work on it.
    at_work: bool,
}

/// A file that is synced with the others.
#[derive(Debug, Clone)]
pub struct OnDisk(Arc<Written>);

#[derive(Debug)]
struct Written {
    file: File,
    /// It was written to since it was synced.
    dirty: AtomicBool,
}

impl Default for Shared {
    fn default() -> Shared {
        Shared { files: Mutex::default(), asked: Mutex::default(), lasting: watch::Sender::new(Ok(0)) }
    }
}

impl Disk {
    /// Takes a file that is to last together with the others.
    pub fn takes(&self, file: File) -> OnDisk {
        let written = Arc::new(Written { file, dirty: AtomicBool::new(true) });
        self.0.shared.files.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&written));
        OnDisk(written)
    }

    /// Waits until all that was written before is on the disk.
    ///
    /// # Errors
    /// What the system said. After that nothing that is written here is known to last: what a failed sync has left behind may
    /// be gone, and the next one would not say so.
    pub async fn lasts(&self) -> io::Result<()> {
        let mut lasting = self.0.shared.lasting.subscribe();
        let (question, nobody_at_work) = self.0.shared.ask();
        if nobody_at_work {
            self.0.wake();
        }
        let answered = |known: &Result<u64, io::ErrorKind>| known.is_err() || known.is_ok_and(|upto| upto >= question);
        match lasting.wait_for(answered).await.map(|known| *known) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(kind)) => Err(kind.into()),
            // Not as long as this is here.
            Err(closed) => Err(io::Error::other(closed)),
        }
    }
}

impl Inner {
    /// The thread is one of its own: deliveries that hang must not keep others from their syncs.
    fn wake(&self) {
        let thread = self.thread.get_or_init(|| {
            let (waker, woken) = mpsc::channel();
            let shared = Arc::clone(&self.shared);
            let answer = move || woken.iter().for_each(|()| shared.answer());
            std::thread::Builder::new().name("sync".into()).spawn(answer).ok().map(|_| waker)
        });
        if thread.as_ref().is_none_or(|thread| thread.send(()).is_err()) {
            self.shared.answer();
        }
    }
}

impl Shared {
    fn ask(&self) -> (u64, bool) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.last += 1;
        (asked.last, !std::mem::replace(&mut asked.at_work, true))
    }

    /// Syncs until nobody has a question any more. Who asks meanwhile is answered by the next round.
    fn answer(&self) {
        let mut answered = 0;
        while self.is_asked(answered) {
            std::thread::sleep(GATHERING);
            let question = self.last_question();
            let synced = self.sync();
            answered = question;
            self.lasting
                .send_modify(|known| *known = known.and(synced.map(|()| question).map_err(|error| error.kind())));
        }
    }

    /// Whether somebody asks what was not answered; else whoever asks next has to see to it.
    fn is_asked(&self, answered: u64) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.at_work = asked.last > answered;
        asked.at_work
    }

    fn last_question(&self) -> u64 {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).last
    }

    fn sync(&self) -> io::Result<()> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        files
            .iter()
            .filter(|written| written.dirty.swap(false, Ordering::AcqRel))
            .try_for_each(|written| written.file.sync_data())
    }
}

impl OnDisk {
    /// Writes at that place of the file.
    ///
    /// # Errors
    /// What the system says; a part may be written then.
    pub fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let written = self.0.file.write_all_at(bytes, at);
        self.0.dirty.store(true, Ordering::Release);
        written
    }

    /// Whether something was written to it that no sync has taken to the disk.
    #[cfg(test)]
    pub(crate) fn is_dirty(&self) -> bool {
        self.0.dirty.load(Ordering::Acquire)
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.0.file
    }
}

/// Everything on the file system of `file` is on the disk when this returns: one wait for thousands of files.
///
/// # Errors
/// What the system says.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn sync_all_beside(file: &File) -> io::Result<()> {
    Ok(nix::unistd::syncfs(file)?)
}

/// Everything on the file system of `file` is on the disk when this returns. Where the system does not know that, it is asked
/// for all file systems.
///
/// # Errors
/// None.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn sync_all_beside(_: &File) -> io::Result<()> {
    nix::unistd::sync();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk_with_a_file() -> (Disk, OnDisk) {
        let disk = Disk::default();
        let file = disk.takes(tempfile::tempfile().unwrap());
        (disk, file)
    }

    #[tokio::test]
    async fn who_waits_side_by_side_waits_for_the_same_syncs() {
        let (disk, file) = disk_with_a_file();
        let mut waiting = tokio::task::JoinSet::new();
        for at in 0..1000 {
            let (disk, file) = (disk.clone(), file.clone());
            waiting.spawn(async move {
                file.write_at(b"x", at).unwrap();
                disk.lasts().await
            });
        }
        assert!(waiting.join_all().await.into_iter().all(|lasts| lasts.is_ok()));
        assert!(!file.0.dirty.load(Ordering::Acquire));
        assert_eq!(file.file().metadata().unwrap().len(), 1000);
        assert_eq!(*disk.0.shared.lasting.borrow(), Ok(1000));
    }

    #[tokio::test]
    async fn after_a_sync_that_failed_nothing_is_known_to_last() {
        let (disk, _) = disk_with_a_file();
        // The end of a pipe cannot be synced.
        let (_reader, writer) = std::io::pipe().unwrap();
        disk.takes(std::os::fd::OwnedFd::from(writer).into());
        assert!(disk.lasts().await.is_err());
        assert!(disk.lasts().await.is_err());
    }

    #[test]
    fn deliveries_that_hang_keep_nobody_from_a_sync() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (release, held) = std::sync::mpsc::channel::<()>();
            let hanging = tokio::task::spawn_blocking(move || held.recv());
            let (disk, file) = disk_with_a_file();
            file.write_at(b"x", 0).unwrap();
            disk.lasts().await.unwrap();
            assert!(!file.0.dirty.load(Ordering::Acquire));
            drop(release);
            assert!(hanging.await.unwrap().is_err());
        });
    }
}
