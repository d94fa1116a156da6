//! Collects the metrics and writes them down for Prometheus.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio_util::sync::CancellationToken;

use super::catalogue;

/// How often what was observed is added up: until then each observation is kept.
const ADD_UP_EVERY: Duration = Duration::from_secs(5);

/// The metrics of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Exposition {
    handle: PrometheusHandle,
    process: Collector,
}

impl Exposition {
    /// Begins to count, for the rest of the program's life: every counter is there with 0.
    ///
    /// # Errors
    ///
    /// If something in this process counts already.
    pub fn install() -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for (name, buckets) in catalogue::ALL.iter().filter_map(|metric| metric.buckets()) {
            builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
        }
        let handle = builder.install_recorder()?;
        for metric in catalogue::ALL {
            metric.describe();
            metric.begin();
        }
        let process = Collector::default();
        process.describe();
        catalogue::BUILD_INFO.set(1.0, [env!("CARGO_PKG_VERSION")]);
        Ok(Self { handle, process })
    }

    /// Adds up what was observed, until `stop`.
    pub async fn add_up(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.handle.run_upkeep();
            tokio::select! {
                () = tokio::time::sleep(ADD_UP_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Everything, in the text format of Prometheus, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        self.process.collect();
        self.handle.render()
    }
}
