use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const OK: Ended = Ended { failed: None, refused_password: false };

fn failed(class: Class) -> Ended {
    Ended { failed: Some(class), refused_password: false }
}

fn kind(number: usize) -> Kind {
    Kind { model: format!("FortiGate-{number}00F"), fortios: crate::fortios::version::NEWEST }
}

fn rules(jobs: usize, canary: Canary) -> Rules {
    Rules { jobs, canary, max_failures: None }
}

/// All that may be started now.
fn started(schedule: &mut Schedule) -> Vec<usize> {
    std::iter::from_fn(|| schedule.start()).collect()
}

/// All that may be changed now.
fn admitted(schedule: &mut Schedule) -> Vec<usize> {
    schedule.next_wave();
    schedule.answers().into_iter().filter(|(_, passes)| *passes).map(|(device, _)| device).collect()
}

#[test]
fn no_more_run_at_once_than_jobs_and_the_next_one_starts_when_one_has_ended() {
    let mut schedule = Schedule::new(rules(2, Canary::None), 4);
    assert_eq!(started(&mut schedule), [0, 1]);
    schedule.ends(1, OK);
    assert_eq!(started(&mut schedule), [2]);
    schedule.ends(0, failed(Class::Silent));
    schedule.ends(2, OK);
    assert_eq!(started(&mut schedule), [3]);
    assert!(!schedule.is_over());
    schedule.ends(3, OK);
    assert!(schedule.is_over());
}

#[test]
fn one_of_each_kind_goes_first_and_the_others_wait_for_it() {
    let mut schedule = Schedule::new(rules(64, Canary::EachKind), 30);
    let looked_at = started(&mut schedule);
    assert_eq!(looked_at.len(), SCOUTS);
    looked_at.iter().for_each(|device| schedule.asks(*device, kind(device % 2)));
    assert_eq!(admitted(&mut schedule), [0, 1]);
    schedule.ends(0, OK);
    assert_eq!(schedule.next_wave(), Some(Wave { number: 1, size: FIRST_WAVE }));
    // Those of the other kind still wait for theirs.
    assert_eq!(admitted(&mut schedule), [2, 4, 6]);
    schedule.ends(1, OK);
    assert_eq!(admitted(&mut schedule), [3, 5, 7]);
}

#[test]
fn a_canary_that_fails_stops_the_run_and_whoever_waits_is_left_alone() {
    let mut schedule = Schedule::new(rules(64, Canary::EachKind), 30);
    started(&mut schedule).iter().for_each(|device| schedule.asks(*device, kind(1)));
    assert_eq!(admitted(&mut schedule), [0]);
    schedule.ends(0, failed(Class::Refused));
    assert_eq!(schedule.stopped(), Some(&Stop::Canary { device: 0, class: Class::Refused }));
    let answers = schedule.answers();
    assert_eq!(answers.len(), SCOUTS - 1);
    assert!(answers.iter().all(|(_, passes)| !passes));
    assert!(started(&mut schedule).is_empty());
    assert_eq!(schedule.unstarted(), SCOUTS..30);
}

#[test]
fn a_device_that_was_not_reached_is_no_canary() {
    let mut schedule = Schedule::new(rules(64, Canary::Count(2)), 30);
    assert_eq!(started(&mut schedule), [0, 1]);
    schedule.ends(0, failed(Class::Unreachable));
    // Another one takes its place.
    assert_eq!(started(&mut schedule), [2]);
    schedule.asks(1, kind(1));
    schedule.asks(2, kind(1));
    assert_eq!(admitted(&mut schedule), [1, 2]);
    assert!(started(&mut schedule).is_empty());
    schedule.ends(1, OK);
    assert_eq!(schedule.next_wave(), None);
    schedule.ends(2, OK);
    assert_eq!(schedule.next_wave(), Some(Wave { number: 1, size: FIRST_WAVE }));
    assert_eq!(started(&mut schedule).len(), FIRST_WAVE);
}

#[test]
fn a_wave_begins_when_nine_in_ten_of_the_one_before_have_ended() {
    let mut schedule = Schedule::new(rules(64, Canary::Count(1)), 200);
    started(&mut schedule);
    schedule.asks(0, kind(1));
    assert_eq!(admitted(&mut schedule), [0]);
    schedule.ends(0, OK);
    schedule.next_wave();
    let wave = started(&mut schedule);
    wave.iter().for_each(|device| schedule.asks(*device, kind(1)));
    assert_eq!(admitted(&mut schedule), wave);
    wave.iter().take(14).for_each(|device| schedule.ends(*device, OK));
    assert_eq!(schedule.next_wave(), None);
    schedule.ends(wave[14], OK);
    assert_eq!(schedule.next_wave(), Some(Wave { number: 2, size: FIRST_WAVE * GROWTH }));
}

#[test]
fn failures_are_counted_once_each_and_devices_that_were_not_tried_are_none() {
    let most = Limit::Count(1);
    let mut schedule = Schedule::new(Rules { max_failures: Some(most), ..rules(4, Canary::None) }, 10);
    started(&mut schedule);
    schedule.ends(0, failed(Class::PasswordWithheld));
    schedule.ends(1, failed(Class::Dropped));
    assert_eq!(schedule.stopped(), None);
    schedule.ends(2, failed(Class::Silent));
    assert_eq!(schedule.stopped(), Some(&Stop::Failures { failed: 2, most }));
    assert!(started(&mut schedule).is_empty());
    assert!(!schedule.is_over());
    schedule.ends(3, OK);
    assert!(schedule.is_over());
}

#[test]
fn a_refused_password_stops_the_run() {
    let mut schedule = Schedule::new(rules(4, Canary::None), 10);
    started(&mut schedule);
    schedule.ends(2, Ended { failed: Some(Class::Authentication), refused_password: true });
    assert_eq!(schedule.stopped(), Some(&Stop::Password { device: 2 }));
}

#[test]
fn whoever_has_ended_is_not_asked_about_any_more() {
    let mut schedule = Schedule::new(rules(4, Canary::Count(1)), 10);
    started(&mut schedule);
    schedule.ends(0, failed(Class::Interrupted));
    schedule.asks(0, kind(1));
    assert!(schedule.answers().is_empty());
}

/// What becomes of a device that is let do what it wants.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// It ends before it asks.
    Early(Option<Class>),
    /// It asks, is changed, and ends so.
    Late(Option<Class>),
}

fn fates() -> impl Strategy<Value = Vec<(Fate, usize)>> {
    let class = prop_oneof![4 => Just(None), 1 => Just(Some(Class::Refused)), 1 => Just(Some(Class::Silent)), 1 => Just(Some(Class::Interrupted))];
    let fate =
        (any::<bool>(), class).prop_map(|(late, class)| if late { Fate::Late(class) } else { Fate::Early(class) });
    proptest::collection::vec((fate, 0..4_usize), 0..120)
}

fn all_rules() -> impl Strategy<Value = Rules> {
    let canary = prop_oneof![Just(Canary::None), Just(Canary::EachKind), (1..6_usize).prop_map(Canary::Count)];
    let limit =
        proptest::option::of(prop_oneof![(0..9_usize).prop_map(Limit::Count), (0..101_u8).prop_map(Limit::Percent)]);
    (1..80_usize, canary, limit).prop_map(|(jobs, canary, max_failures)| Rules { jobs, canary, max_failures })
}

proptest! {
    /// Whatever happens, in whatever order: it comes to an end, nobody runs twice, nobody is forgotten, no more run at once
    /// than may, and nobody is changed after the run was stopped.
    #[test]
    fn every_run_comes_to_an_end_and_deals_with_each_device_once(
        fates in fates(),
        rules in all_rules(),
        order in any::<u64>(),
    ) {
        let mut schedule = Schedule::new(rules, fates.len());
        let (mut running, mut changing) = (Vec::new(), BTreeSet::new());
        let (mut seen, mut ended) = (BTreeSet::new(), 0);
        let mut random = order;
        for _ in 0..10_000 {
            schedule.next_wave();
            for device in started(&mut schedule) {
                prop_assert!(seen.insert(device));
                running.push(device);
            }
            prop_assert!(running.len() <= rules.jobs);
            for (device, passes) in schedule.answers() {
                prop_assert!(!passes || schedule.stopped().is_none());
                if passes {
                    changing.insert(device);
                } else {
                    running.retain(|other| *other != device);
                    schedule.ends(device, failed(Class::NotStarted));
                    ended += 1;
                }
            }
            if running.is_empty() {
                break;
            }
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let device = running[usize::try_from(random >> 33).unwrap() % running.len()];
            let how = match fates[device] {
                (Fate::Late(_), number) if !changing.contains(&device) => {
                    // It may have asked before: asking again changes nothing.
                    if !schedule.asking.iter().any(|(asking, _)| *asking == device) {
                        schedule.asks(device, kind(number));
                    }
                    continue;
                }
                (Fate::Early(class) | Fate::Late(class), _) => Ended { failed: class, refused_password: false },
            };
            running.retain(|other| *other != device);
            schedule.ends(device, how);
            ended += 1;
        }
        prop_assert!(schedule.is_over(), "{schedule:?}");
        prop_assert_eq!(ended + schedule.unstarted().len(), fates.len());
        prop_assert!(schedule.stopped().is_some() || schedule.unstarted().is_empty());
    }
}
