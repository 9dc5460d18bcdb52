//! Generates topics and filters of sites with buildings, devices and values.

/// A random number generator that returns the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn number_below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

const VALUE_NAMES: [&str; 8] =
    ["temperature", "humidity", "status", "battery", "command", "config", "firmware/state", "gps/position"];

fn device(numbers: &mut Numbers, devices: u64) -> (u64, u64) {
    let device = numbers.number_below(devices);
    (device % 200, device)
}

/// Returns distinct filters, a third of them with wildcards.
pub fn filters(count: usize) -> Vec<String> {
    let mut numbers = Numbers(1);
    let devices = count as u64 / 4;
    let mut filters = std::collections::BTreeSet::new();
    while filters.len() < count {
        let (site, device) = device(&mut numbers, devices);
        let value = VALUE_NAMES[numbers.number_below(8) as usize];
        let filter = match numbers.number_below(24) {
            0..16 => format!("site-{site}/device-{device}/{value}"),
            16..20 => format!("site-{site}/device-{device}/#"),
            20..22 => format!("site-{site}/+/unit-{device}/{value}"),
            22 => format!("+/device-{device}/{value}"),
            _ => format!("site-{site}/device-{device}/+/{}", value),
        };
        filters.insert(filter);
    }
    // Shuffles the filters, so that they are subscribed in random order.
    let mut filters: Vec<_> = filters.into_iter().collect();
    for at in (1..filters.len()).rev() {
        filters.swap(at, numbers.number_below(at as u64 + 1) as usize);
    }
    filters
}

/// Returns topics that devices publish to.
pub fn names(count: usize, filters: usize) -> Vec<String> {
    let mut numbers = Numbers(2);
    let devices = filters as u64 / 4;
    let name = |_| {
        let (site, device) = device(&mut numbers, devices);
        let value = VALUE_NAMES[numbers.number_below(8) as usize];
        match numbers.number_below(10) {
            0..8 => format!("site-{site}/device-{device}/{value}"),
            8 => format!("site-{site}/device-{device}/unit-{device}/{value}"),
            _ => format!("site-{site}/line-1/unit-{device}/{value}"),
        }
    };
    (0..count).map(name).collect()
}
