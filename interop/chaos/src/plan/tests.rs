use super::{Choices, Durability, Event, Kind, Plan};

fn plan(seed: u64, durability: Option<Durability>) -> Plan {
    Plan::new(seed, &Choices { events: 300, kinds: Kind::ALL.to_vec(), durability })
}

#[test]
fn a_seed_always_gives_the_same_plan_and_another_seed_another_plan() {
    assert_eq!(plan(7, None), plan(7, None));
    assert_ne!(plan(7, None), plan(8, None));
}

#[test]
fn seeds_choose_both_durabilities() {
    let chosen: Vec<_> = (0..20).map(|seed| plan(seed, None).durability).collect();
    assert!(chosen.contains(&Durability::Always) && chosen.contains(&Durability::Interval));
}

#[test]
fn failed_syncs_occur_only_where_every_commit_is_synced() {
    let has_sync_errors =
        |plan: Plan| plan.steps.iter().any(|step| matches!(step.event, Event::SyncError(_)));
    assert!(has_sync_errors(plan(1, Some(Durability::Always))));
    assert!(!has_sync_errors(plan(1, Some(Durability::Interval))));
}

#[test]
fn a_plan_has_only_events_of_the_chosen_kinds() {
    let choices = Choices { events: 50, kinds: vec![Kind::Stop], durability: None };
    let plan = Plan::new(1, &choices);
    assert_eq!(plan.steps.len(), 50);
    assert!(plan.steps.iter().all(|step| matches!(step.event, Event::Stop { .. })));
}

#[test]
fn the_printed_plan_has_a_line_for_each_event() {
    let text = plan(3, None).to_string();
    assert!(text.starts_with("seed 3, durability "), "{text}");
    assert_eq!(text.lines().count(), 301);
}
