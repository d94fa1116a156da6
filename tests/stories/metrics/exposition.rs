//! The text format of Prometheus, read strictly.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::collections::{BTreeMap, BTreeSet};

/// The value of each label by its name, `le` among them.
pub type Labels = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub struct Exposition {
    /// By the name of the metric, without `_bucket`, `_sum` and `_count`.
    pub kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, Labels), f64>,
}

impl Exposition {
    /// Reads all of it; fails where Prometheus would, and where it would frown.
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut found = Self::default();
        let mut helped = BTreeSet::new();
        let mut current = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').expect(line);
                assert!(
                    !words.is_empty() && helped.insert(name.to_owned()),
                    "{line}"
                );
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect(line);
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                let before = found.kinds.insert(name.to_owned(), kind.to_owned());
                assert!(before.is_none(), "told twice: {line}");
                name.clone_into(&mut current);
            } else {
                let (name, labels, value) = sample(line);
                let kind = found.kinds.get(&current).expect(line);
                assert!(
                    belongs(&name, &current, kind),
                    "stands below {current}: {line}"
                );
                let before = found.samples.insert((name, labels), value);
                assert!(before.is_none(), "a series twice: {line}");
            }
        }
        for (name, kind) in &found.kinds {
            assert!(helped.contains(name), "{name} has no help");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
            if kind == "histogram" {
                found.check_buckets(name);
            }
        }
        found
    }

    fn check_buckets(&self, histogram: &str) {
        let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        for ((name, labels), value) in &self.samples {
            if *name == format!("{histogram}_bucket") {
                let mut labels = labels.clone();
                let end = labels.remove("le").expect("a bucket has an end");
                let end = end.replace("+Inf", "inf").parse().expect("a number");
                series.entry(labels).or_default().push((end, *value));
            }
        }
        for (labels, mut buckets) in series {
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(
                buckets.is_sorted_by(|one, other| one.1 <= other.1),
                "{histogram}"
            );
            let (end, all) = buckets.pop().expect("a bucket");
            assert!(end.is_infinite(), "{histogram}");
            let count = self.samples[&(format!("{histogram}_count"), labels)];
            assert!((count - all).abs() < 0.5, "{histogram}");
        }
    }

    /// The sum of every series of that name that has these labels; fails if there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |all: &Labels| {
            labels
                .iter()
                .all(|(label, value)| all.get(*label).is_some_and(|own| own == value))
        };
        let mut series = self
            .samples
            .iter()
            .filter(|((own, all), _)| own == name && has(all))
            .peekable();
        assert!(series.peek().is_some(), "there is no {name} {labels:?}");
        series.map(|(_, value)| value).sum()
    }

    /// Every label of each metric with all of its values, but for the ends of buckets.
    pub fn labels(&self) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
        let mut all: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for name in self.kinds.keys() {
            all.entry(name.clone()).or_default();
        }
        for ((sample, labels), _) in &self.samples {
            let metric = self
                .kinds
                .iter()
                .find(|(name, kind)| belongs(sample, name, kind));
            let of_metric = all
                .entry(metric.expect("was checked").0.clone())
                .or_default();
            for (label, value) in labels.iter().filter(|(label, _)| *label != "le") {
                of_metric
                    .entry(label.clone())
                    .or_default()
                    .insert(value.clone());
            }
        }
        all
    }
}

fn belongs(sample: &str, metric: &str, kind: &str) -> bool {
    match sample.strip_prefix(metric) {
        Some("") => kind != "histogram",
        Some("_bucket" | "_sum" | "_count") => kind == "histogram",
        _ => false,
    }
}

/// `name{label="value",…} number`
fn sample(line: &str) -> (String, Labels, f64) {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let value = value
        .parse()
        .unwrap_or_else(|_| panic!("no number: {line}"));
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').expect(line)),
        None => (series, ""),
    };
    let is_name = |text: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && text.starts_with(|c: char| c.is_ascii_lowercase())
    };
    assert!(is_name(name), "{line}");
    let mut found = Labels::new();
    let mut rest = labels;
    while !rest.is_empty() {
        let (label, tail) = rest.split_once("=\"").expect(line);
        let (value, tail) = tail.split_once('"').expect(line);
        assert!(is_name(label) && !value.contains('\\'), "{line}");
        assert!(
            found.insert(label.to_owned(), value.to_owned()).is_none(),
            "{line}"
        );
        rest = tail.strip_prefix(',').unwrap_or(tail);
    }
    (name.to_owned(), found, value)
}
