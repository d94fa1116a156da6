//! Area `operations`: what the running Postroom says of itself.

use std::time::Duration;

use serde_json::Value;

use super::{
    lmtp::is_free,
    report::{Advice, Area, Check},
    running::reachable,
    scene::Scene,
};

/// Postroom asks the homeserver before it answers.
const PATIENCE: Duration = Duration::from_secs(15);

const LISTENER: &str = "listener";
const READY: &str = "ready";

pub async fn examine(scene: &Scene) -> Vec<Check> {
    let Some(operations) = &scene.config.operations else {
        let found = "none configured; operations: {listen: \"127.0.0.1:9381\"} makes one";
        return vec![Area::Operations.ok(LISTENER, found)];
    };
    let listen = operations.listen;
    if !scene.running.is_so() {
        return vec![is_free(Area::Operations, LISTENER, listen, "operations.listen").await];
    }
    let health = match health(&format!("http://{}/health/ready", reachable(listen))).await {
        Ok(health) => health,
        Err(error) => {
            let advice = Advice::new(
                format!("{listen}: {error}"),
                "Postroom runs, but its health can't be asked for there.",
                "Postroom may have been started with another configuration: systemctl restart \
                 postroom",
            );
            return vec![
                Area::Operations.fault(LISTENER, advice),
                Area::Operations.skipped(READY, "the listener doesn't answer"),
            ];
        }
    };
    vec![
        Area::Operations.ok(LISTENER, listen.to_string()),
        ready(&health),
    ]
}

async fn health(url: &str) -> Result<Value, String> {
    let ask = async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        client.build()?.get(url).send().await?.bytes().await
    };
    let body = ask.await.map_err(|error| {
        let why = if error.is_connect() {
            "nobody answers"
        } else {
            "no answer in time"
        };
        why.to_owned()
    })?;
    serde_json::from_slice(&body).map_err(|_| "something else than Postroom answers".to_owned())
}

fn ready(health: &Value) -> Check {
    let missing: Vec<&str> = health["missing"]
        .as_array()
        .map(|missing| missing.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if missing.is_empty() && health["status"] == "ready" {
        return Area::Operations.ok(READY, format!("yes; {}", waiting(health)));
    }
    Area::Operations.fault(
        READY,
        Advice::new(
            missing.join("; "),
            "The running Postroom can't do all of its work; what it can't do waits.",
            "See the areas above; what is wrong shows there, too. Its log tells more: \
             journalctl -u postroom",
        ),
    )
}

fn waiting(health: &Value) -> String {
    let queues = [
        ("events", "events"),
        ("mails", "mails"),
        ("letters_open", "open letters"),
        ("to_matrix", "to Matrix"),
        ("to_mail", "to mail servers"),
    ];
    let waits: Vec<String> = queues
        .iter()
        .filter_map(|(key, words)| {
            let number = health["waiting"][*key].as_i64()?;
            (number > 0).then(|| format!("{number} {words}"))
        })
        .collect();
    if waits.is_empty() {
        "nothing waits".to_owned()
    } else {
        format!("waiting: {}", waits.join(", "))
    }
}
