//! Area `config`, first half: what the loader says.

use super::report::{Advice, Area, Check};
use crate::config::{Config, ConfigFaults, Place};

pub fn examine(config: Option<&Config>, faults: &ConfigFaults) -> Vec<Check> {
    if let Some(config) = config
        && faults.iter().next().is_none()
    {
        let mailboxes: Vec<_> = config.mailboxes.keys().map(ToString::to_string).collect();
        let word = if mailboxes.len() == 1 {
            "mailbox"
        } else {
            "mailboxes"
        };
        let found = format!("{word} {}", mailboxes.join(", "));
        return vec![Area::Config.ok("configuration", found)];
    }
    faults
        .iter()
        .map(|fault| {
            let place = match &fault.place {
                Place::File => "configuration".to_owned(),
                Place::Line { line, column } => format!("line {line}:{column}"),
                Place::Variable(name) => name.clone(),
            };
            let advice = Advice::new(
                fault.what.clone(),
                "Postroom does not start with a fault in its configuration; one that runs goes on \
                 until it is stopped.",
                fault.remedy.clone(),
            );
            Area::Config.fault(place, advice)
        })
        .collect()
}
