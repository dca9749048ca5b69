use super::*;

const KEY: &[u8] = b"{\"key\":\"fccys3\"}\n";

fn pool(directory: &tempfile::TempDir) -> Pool {
    Pool::new(directory.path(), &Disk::default())
}

fn files(directory: &tempfile::TempDir) -> Vec<String> {
    let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name != MENDING);
    names.sort();
    names
}

#[test]
fn a_key_that_is_delivered_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(&directory);
    let mut place = pool.reserve().unwrap();
    place.keep("fw1.json", KEY).unwrap();
    let file = pool.path().unwrap();
    assert!(fs::read(&file).unwrap().windows(KEY.len()).any(|bytes| bytes == KEY));
    place.empty();
    assert!(fs::read(&file).unwrap().iter().all(|byte| *byte == 0));
    drop(pool);
    assert!(files(&directory).is_empty());
}

#[test]
fn a_place_that_is_free_again_is_taken_before_a_new_one_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(&directory);
    for _ in 0..100 {
        let mut places = [pool.reserve().unwrap(), pool.reserve().unwrap()];
        places.iter_mut().for_each(|place| place.keep("fw1.json", KEY).unwrap());
        places.into_iter().for_each(Place::empty);
    }
    assert_eq!(fs::metadata(pool.path().unwrap()).unwrap().len(), 2 * ROOM as u64);
}

#[test]
fn a_key_that_nobody_got_is_in_its_own_file_when_its_run_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(&directory);
    let mut place = pool.reserve().unwrap();
    place.keep("fw1.json", KEY).unwrap();
    drop(place);
    assert_eq!(fs::read(directory.path().join("fw1.json")).unwrap(), KEY);
    assert!(fs::read(pool.path().unwrap()).unwrap().iter().all(|byte| *byte == 0));
}

#[test]
fn what_a_program_that_is_gone_has_left_is_moved_to_its_files_once() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(&directory);
    let names = ["fw1.json", "fw2.json.age", "fw3.json"];
    let mut places = names.map(|name| (name, pool.reserve().unwrap()));
    places.iter_mut().for_each(|(name, place)| place.keep(name, KEY).unwrap());
    mend(directory.path(), None).unwrap();
    assert_eq!(files(&directory).len(), 1, "its program is alive");
    let mut left = fs::read(pool.path().unwrap()).unwrap();
    places.into_iter().for_each(|(_, place)| place.empty());
    drop(pool);
    // The power failed while the third one was written.
    left.truncate(2 * ROOM + 100);
    let dead = directory.path().join(".fgtkey-dead.pool");
    fs::write(&dead, left).unwrap();
    fs::set_permissions(&dead, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    mend(directory.path(), None).unwrap();
    assert_eq!(files(&directory), ["damaged-fgtkey-dead.pool", "fw1.json", "fw2.json.age"]);
    assert_eq!(fs::read(directory.path().join("fw1.json")).unwrap(), KEY);
    assert_eq!(fs::read(directory.path().join("fw2.json.age")).unwrap(), KEY);
}

#[test]
fn a_place_whose_name_leads_elsewhere_is_none_of_ours() {
    let place = |name: &str| {
        let heading = Heading { name: name.into(), bytes: KEY.len(), sha256: sha256(KEY) };
        [serde_json::to_vec(&heading).unwrap(), b"\n".to_vec(), KEY.to_vec()].concat()
    };
    assert!(content(&place("fw1.json")).is_some());
    for name in ["../fw1.json", "/fw1.json", "a/fw1.json", "..", ""] {
        assert!(content(&place(name)).is_none(), "{name}");
    }
}

#[test]
fn a_key_whose_own_file_cannot_be_made_stays_where_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let unwritable = "x".repeat(300);
    for stay in [false, true] {
        let pool = pool(&directory);
        let mut place = pool.reserve().unwrap();
        place.keep(&unwritable, KEY).unwrap();
        let path = pool.path().unwrap();
        match stay {
            true => assert_eq!(place.stay().unwrap(), path),
            false => drop(place),
        }
        drop(pool);
        assert!(fs::read(&path).unwrap().windows(KEY.len()).any(|bytes| bytes == KEY));
        assert!(mend(directory.path(), None).is_err());
        assert!(path.exists());
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_file_whose_key_is_damaged_is_put_aside_when_the_others_are_out_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(&directory);
    let mut places = ["fw1.json", "fw2.json"].map(|name| (name, pool.reserve().unwrap()));
    places.iter_mut().for_each(|(name, place)| place.keep(name, KEY).unwrap());
    let mut left = fs::read(pool.path().unwrap()).unwrap();
    places.into_iter().for_each(|(_, place)| place.empty());
    drop(pool);
    let at = left.iter().position(|byte| *byte == b'\n').unwrap() + 3;
    left[at] ^= 1;
    let dead = directory.path().join(".fgtkey-dead.pool");
    fs::write(&dead, left).unwrap();
    fs::set_permissions(&dead, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    mend(directory.path(), None).unwrap();
    assert_eq!(files(&directory), ["damaged-fgtkey-dead.pool", "fw2.json"]);
    assert_eq!(put_aside(directory.path()).count(), 1);
}

#[test]
fn what_is_no_private_file_of_ours_is_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let foreign = directory.path().join("foreign");
    fs::write(&foreign, "a letter").unwrap();
    std::os::unix::fs::symlink(&foreign, directory.path().join(".fgtkey-a.pool")).unwrap();
    fs::hard_link(&foreign, directory.path().join(".fgtkey-b.pool")).unwrap();
    fs::create_dir(directory.path().join(".fgtkey-c.pool")).unwrap();
    mend(directory.path(), None).unwrap();
    assert_eq!(fs::read(&foreign).unwrap(), b"a letter");
}

#[test]
fn a_file_that_is_just_made_is_not_taken_for_one_whose_program_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                mend(directory.path(), None).unwrap();
            }
        });
        for _ in 0..500 {
            let pool = pool(&directory);
            let place = pool.reserve().unwrap();
            assert!(pool.path().unwrap().exists());
            drop(place);
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
