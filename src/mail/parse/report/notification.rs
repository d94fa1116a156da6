//! Amazon's notifications: what became of a mail, as JSON in the text of a mail.

use serde_json::Value;

use super::{
    super::filters::POSTROOM_ID,
    recipient::{MOST_RECIPIENTS, recipient},
};
use crate::domain::{
    address::EmailAddress,
    bounce::{
        Action, Bounce, Complaint, FailedRecipient, FeedbackType, Original, Report, StatusCode,
    },
    ids::MessageId,
};

pub(super) fn read(text: &str) -> Option<Report> {
    if !text.trim_start().starts_with('{') || !text.contains("\"notificationType\"") {
        return None;
    }
    // Servers cut lines that are too long, sendmail with a mark.
    let text = text.replace("!\n ", "").replace('\n', "");
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let value = values.next()?.ok()?;
    let original = original(&value["mail"]);
    match value["notificationType"].as_str()? {
        "Bounce" => Some(Report::Bounce(Bounce {
            recipients: recipients(&value["bounce"]),
            original,
        })),
        "Complaint" => {
            let complaint = &value["complaint"];
            let about = complaint["complaintFeedbackType"].as_str();
            let mut recipients: Vec<EmailAddress> = Vec::new();
            for one in list(&complaint["complainedRecipients"]) {
                if let Some(address) = address(one)
                    && !recipients.contains(&address)
                {
                    recipients.push(address);
                }
            }
            Some(Report::Complaint(Complaint {
                about: about.map_or(FeedbackType::Abuse, FeedbackType::parse),
                recipients,
                original,
            }))
        }
        _ => None,
    }
}

fn recipients(bounce: &Value) -> Vec<FailedRecipient> {
    let mut found: Vec<FailedRecipient> = Vec::new();
    for one in list(&bounce["bouncedRecipients"]) {
        let Some(address) = address(one) else {
            continue;
        };
        if found.iter().any(|other| other.address == address) {
            continue;
        }
        let diagnosis = one["diagnosticCode"].as_str();
        let subtype = bounce["bounceSubType"].as_str();
        let said: Vec<&str> = diagnosis
            .map(|text| text.trim_start_matches("smtp;").trim())
            .into_iter()
            .chain(subtype)
            .collect();
        let status = one["status"].as_str().and_then(StatusCode::parse);
        let action = one["action"].as_str().and_then(Action::parse);
        found.push(recipient(address, action, status, &said, None));
    }
    found
}

fn original(mail: &Value) -> Original {
    let headers = &mail["commonHeaders"];
    Original {
        message_id: headers["messageId"].as_str().and_then(MessageId::parse),
        postroom_id: list(&mail["headers"])
            .filter(|one| {
                let name = one["name"].as_str();
                name.is_some_and(|name| name.eq_ignore_ascii_case(POSTROOM_ID))
            })
            .find_map(|one| MessageId::parse(one["value"].as_str()?)),
        recipient: match mail["destination"].as_array().map(Vec::as_slice) {
            Some([only]) => only
                .as_str()
                .and_then(|text| EmailAddress::parse(text).ok()),
            _ => None,
        },
        subject: headers["subject"].as_str().map(str::to_owned),
        return_path: mail["source"]
            .as_str()
            .and_then(|text| EmailAddress::parse(text).ok()),
    }
}

fn address(one: &Value) -> Option<EmailAddress> {
    EmailAddress::parse(one["emailAddress"].as_str()?).ok()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten().take(MOST_RECIPIENTS)
}
