//! Figures side by side: with an empty database and with a full one.

use std::time::Duration;

/// Rows in the order of their measuring.
#[derive(Debug, Default)]
pub struct Figures(Vec<(String, &'static str, f64)>);

impl Figures {
    pub fn add(&mut self, what: impl Into<String>, unit: &'static str, value: f64) {
        self.0.push((what.into(), unit, value));
    }

    /// The median and the 99th percentile, in milliseconds.
    pub fn add_times(&mut self, what: &str, mut times: Vec<Duration>) {
        times.sort_unstable();
        for percent in [50, 99] {
            let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            let time = times.get(place).copied().unwrap_or_default();
            self.add(
                format!("{what}, {percent} % within"),
                "ms",
                time.as_secs_f64() * 1000.0,
            );
        }
    }
}

/// Prints both, and how much more the second is than the first.
pub fn print(empty: &Figures, full: &Figures) {
    println!(
        "{:<52} {:>8} {:>8}   {:<8} {:>6}",
        "", "empty", "full", "", "ratio"
    );
    for ((what, unit, before), (_, _, after)) in empty.0.iter().zip(&full.0) {
        let ratio = after / before;
        println!("{what:<52} {before:>8.2} {after:>8.2}   {unit:<8} {ratio:>6.2}");
    }
}
