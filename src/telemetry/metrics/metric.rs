//! The three kinds of metrics. Until [`super::Exposition::install`] was called they count nothing.

use std::time::Duration;

use ::metrics::{Label, SharedString};

/// A label and every value that it may have; an empty list stands for names that the administrator
/// gives.
pub type Labels<const N: usize> = [(&'static str, &'static [&'static str]); N];

/// Only grows, from 0 at the start.
#[derive(Debug)]
pub struct Counter<const N: usize> {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) labels: Labels<N>,
}

impl<const N: usize> Counter<N> {
    /// Counts one; `values` in the order of the labels.
    pub fn count<V: Into<SharedString>>(&self, values: [V; N]) {
        self.add(1, values);
    }

    pub fn add<V: Into<SharedString>>(&self, n: u64, values: [V; N]) {
        ::metrics::counter!(self.name, labelled(&self.labels, values)).increment(n);
    }
}

/// Goes up and down.
#[derive(Debug)]
pub struct Gauge<const N: usize> {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) labels: Labels<N>,
}

impl<const N: usize> Gauge<N> {
    /// `NaN` says that nobody knows.
    pub fn set<V: Into<SharedString>>(&self, to: f64, values: [V; N]) {
        ::metrics::gauge!(self.name, labelled(&self.labels, values)).set(to);
    }
}

/// How long something took, in seconds.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) labels: Labels<N>,
    /// The upper ends of the buckets, in seconds.
    pub(super) buckets: &'static [f64],
}

impl<const N: usize> Histogram<N> {
    pub fn observe<V: Into<SharedString>>(&self, took: Duration, values: [V; N]) {
        ::metrics::histogram!(self.name, labelled(&self.labels, values)).record(took);
    }

    /// A span between two times of the store, in milliseconds; a clock that was set back makes it
    /// nothing.
    pub fn observe_millis<V: Into<SharedString>>(&self, millis: i64, values: [V; N]) {
        let millis = millis.max(0).unsigned_abs();
        self.observe(Duration::from_millis(millis), values);
    }
}

/// The values of a metric without labels.
pub const NO_LABELS: [&str; 0] = [];

fn labelled<V: Into<SharedString>, const N: usize>(
    labels: &Labels<N>,
    values: [V; N],
) -> Vec<Label> {
    let pairs = labels.iter().zip(values);
    pairs
        .map(|((name, known), value)| {
            let value = value.into();
            debug_assert!(
                known.is_empty() || known.contains(&&*value),
                "{name} has no value {value} in the catalogue"
            );
            Label::new(*name, value)
        })
        .collect()
}

/// What every metric can do, whatever its kind, to be there from the start.
pub(super) trait Known: Sync {
    /// Tells its help text.
    fn describe(&self);
    /// Brings every series into being whose labels are known.
    fn begin(&self);
    /// Name and buckets of a histogram.
    fn buckets(&self) -> Option<(&'static str, &'static [f64])> {
        None
    }
}

impl<const N: usize> Known for Counter<N> {
    fn describe(&self) {
        ::metrics::describe_counter!(self.name, self.help);
    }

    fn begin(&self) {
        for values in combinations(&self.labels) {
            ::metrics::counter!(self.name, values).absolute(0);
        }
    }
}

impl<const N: usize> Known for Gauge<N> {
    fn describe(&self) {
        ::metrics::describe_gauge!(self.name, self.help);
    }

    fn begin(&self) {
        for values in combinations(&self.labels) {
            ::metrics::gauge!(self.name, values).set(0);
        }
    }
}

impl<const N: usize> Known for Histogram<N> {
    fn describe(&self) {
        ::metrics::describe_histogram!(self.name, self.help);
    }

    fn begin(&self) {
        for values in combinations(&self.labels) {
            let _there_now = ::metrics::histogram!(self.name, values);
        }
    }

    fn buckets(&self) -> Option<(&'static str, &'static [f64])> {
        Some((self.name, self.buckets))
    }
}

/// Every series of a metric; none if a label's values can't be known beforehand.
fn combinations<const N: usize>(labels: &Labels<N>) -> Vec<Vec<Label>> {
    let mut all = vec![Vec::new()];
    for (name, values) in labels {
        all = all
            .into_iter()
            .flat_map(|before: Vec<Label>| {
                values.iter().map(move |value| {
                    let mut with = before.clone();
                    with.push(Label::from_static_parts(name, value));
                    with
                })
            })
            .collect();
    }
    all
}
