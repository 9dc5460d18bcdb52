//! A window against a map, with numbers that are close, far and mixed.

use proptest::prelude::*;

use super::*;

/// Numbers around two places that are far from each other, and some in between.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 1_000_000..1_002_000_u64, 3 => 0..300_u64, 1 => any::<u64>()]
}

proptest! {
    #[test]
    fn finds_what_was_inserted_and_not_removed(steps in prop::collection::vec((number(), any::<bool>()), 0..400)) {
        let (mut window, mut known) = (Window::default(), HashMap::default());
        for (place, (number, inserts)) in (0..).zip(&steps) {
            if *inserts && !known.contains_key(number) {
                window.insert(*number, place);
                known.insert(*number, place);
            } else if !inserts && known.remove(number).is_some() {
                window.remove(*number);
            }
            prop_assert_eq!(window.find(*number), known.get(number).copied());
        }
        for (number, _) in &steps {
            prop_assert_eq!(window.find(*number), known.get(number).copied());
        }
        prop_assert!(window.near.len() <= SPAN_MIN + SPAN_PART * steps.len());
    }
}

#[test]
fn close_numbers_are_in_the_array_whatever_came_first() {
    let mut window = Window::default();
    window.insert(7, 0);
    (1..=10_000).for_each(|place| window.insert(5_000_000 + u64::from(place), place));
    assert!(window.far.len() <= 2 && window.count >= 9_999);
    assert_eq!((window.find(7), window.find(5_000_500), window.find(8)), (Some(0), Some(500), None));
}

#[test]
fn a_window_moves_on_with_its_numbers() {
    let mut window = Window::default();
    for number in 1..100_000 {
        window.insert(number, 1);
        if number > 10 {
            window.remove(number - 10);
        }
    }
    assert!(window.near.len() <= 11 && window.far.is_empty());
}
