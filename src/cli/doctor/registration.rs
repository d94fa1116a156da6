//! Area `homeserver`, what only our copy of the registration can tell: no homeserver shows its own.

use serde_json::Value;

use super::{
    report::{Advice, Area, Check},
    scene::Scene,
};
use crate::matrix::registration::Registration;

pub fn examine(own: &Registration, scene: &Scene) -> Vec<Check> {
    vec![
        in_line(own, scene),
        ephemeral(own, scene),
        rate_limit(scene),
    ]
}

/// URL and namespace as the configuration wants them.
fn in_line(own: &Registration, scene: &Scene) -> Check {
    const NAME: &str = "registration";
    let config = &scene.config;
    let wanted = own
        .clone()
        .moved_to(&config.appservice.url, &config.homeserver.server_name);
    let mut differences = Vec::new();
    if own.url.trim_end_matches('/') != wanted.url {
        differences.push(format!("url is {}, appservice.url {}", own.url, wanted.url));
    }
    if own.namespaces.users != wanted.namespaces.users {
        differences.push("the namespace is another".to_owned());
    }
    if differences.is_empty() {
        return Area::Homeserver.ok(NAME, format!("{}, for {}", own.id, own.url));
    }
    Area::Homeserver.warning(
        NAME,
        Advice::new(
            differences.join("; "),
            "The file is not what the configuration says; the homeserver goes by the file.",
            format!(
                "postroom registration --config {} shows what should be in it. After a change \
                 restart the homeserver.",
                scene.config_file.display()
            ),
        ),
    )
}

fn ephemeral(own: &Registration, scene: &Scene) -> Check {
    const NAME: &str = "typing";
    if own.receive_ephemeral || own.push_ephemeral {
        let found = "asked for in our file; the homeserver's copy can't be seen";
        return Area::Homeserver.ok(NAME, found);
    }
    Area::Homeserver.warning(
        NAME,
        Advice::new(
            "receive_ephemeral is not set",
            "Postroom doesn't learn who is typing: a letter may go while staff still write.",
            format!(
                "Add to the registration: receive_ephemeral: true\n{}",
                scene.load_registration()
            ),
        ),
    )
}

/// A registration without the key is limited.
fn rate_limit(scene: &Scene) -> Check {
    const NAME: &str = "rate limit";
    let file = &scene.config.appservice.registration;
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let limited = match serde_saphyr::from_str::<Value>(&text) {
        Ok(registration) => registration["rate_limited"].as_bool(),
        Err(_) => return Area::Homeserver.skipped(NAME, "the registration can't be read"),
    };
    if limited == Some(false) {
        let found = "none by our file; the homeserver's copy can't be seen";
        return Area::Homeserver.ok(NAME, found);
    }
    Area::Homeserver.warning(
        NAME,
        Advice::new(
            "rate_limited: false is missing",
            "The homeserver slows customers' messages down as it does a single user's.",
            format!(
                "Write into the registration: rate_limited: false\n{}",
                scene.load_registration()
            ),
        ),
    )
}
