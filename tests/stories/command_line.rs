//! What the program says at the command line.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::servers::folder::Folder;

pub fn postroom(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_postroom"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// One object for each line.
pub fn parsed(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = text(&output.stdout);
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const ANSWER: &str = "From: =?utf-8?Q?J=C3=BCrgen_Doe?= <jane@acme.com>\n\
    To: Bootlin <support@example.org>, joe@beta.example\nCc: mia@gamma.example\n\
    Subject: Re: Kernel\n training\nMessage-ID: <two@acme.com>\nIn-Reply-To: <one@example.org>\n\
    References: <zero@acme.com> <one@example.org>\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\
    MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
    --b\nContent-Type: text/html\n\n<p>It <b>is</b>.</p><p>-- <br>Jane Doe<br>Acme</p>\
    <blockquote type=\"cite\"><p>Is Tuesday fine?</p></blockquote>\n\
    --b\nContent-Type: text/x-patch; name=\"fix.patch\"\n\
    Content-Disposition: attachment; filename=\"fix.patch\"\n\n+one\n--b--\n";

#[test]
fn parse_shows_all_of_a_mail_as_json() {
    let folder = Folder::create().unwrap();
    folder.write("answer.eml", ANSWER).unwrap();
    folder.write("empty.eml", "").unwrap();
    let objects = parsed(&postroom(
        &folder,
        &["parse", "--json", "answer.eml", "empty.eml"],
    ));
    assert_eq!(objects.len(), 2);

    let answer = &objects[0];
    let plain = |name: &str| answer[name].clone();
    assert_eq!(plain("schema"), 1);
    assert_eq!(plain("file"), "answer.eml");
    assert_eq!(plain("kind"), "reply");
    assert_eq!(plain("message_id"), "two@acme.com");
    assert_eq!(plain("in_reply_to"), json!(["one@example.org"]));
    assert_eq!(
        plain("references"),
        json!(["zero@acme.com", "one@example.org"])
    );
    assert_eq!(
        plain("from"),
        json!({"name": "Jürgen Doe", "address": "jane@acme.com"})
    );
    let to = json!([
        {"name": "Bootlin", "address": "support@example.org"},
        {"name": null, "address": "joe@beta.example"},
    ]);
    assert_eq!(plain("to"), to);
    assert_eq!(
        plain("cc"),
        json!([{"name": null, "address": "mia@gamma.example"}])
    );
    assert_eq!(plain("subject"), "Re: Kernel training");
    assert_eq!(plain("date"), "2026-11-22T10:00:00+01:00");
    assert_eq!(plain("text"), "It is.");
    assert_eq!(plain("html"), "<p>It <strong>is</strong>.</p>");
    assert!(plain("signature").as_str().unwrap().contains("Acme"));
    let folded = plain("folded");
    assert!(
        folded.as_str().unwrap().contains("Is Tuesday fine?"),
        "{folded}"
    );
    let file = json!([{
        "filename": "fix.patch", "content_type": "text/x-patch", "size": 4, "inline": false,
    }]);
    assert_eq!(plain("attachments"), file);
    assert_eq!(
        plain("trust"),
        json!({"verdict": "unverified", "reasons": ["not_checked"]}),
        "nobody was asked"
    );
    assert_eq!(plain("problems"), json!([]));

    // Every key is there, whatever the mail.
    let keys = |object: &Value| -> Vec<String> {
        let mut keys: Vec<String> = object.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let empty = &objects[1];
    assert_eq!(keys(empty), keys(answer));
    assert_eq!(keys(empty).len(), 19, "{:?}", keys(empty));
    for name in [
        "message_id",
        "from",
        "subject",
        "date",
        "html",
        "signature",
        "folded",
        "report",
    ] {
        assert_eq!(empty[name], Value::Null, "{name}");
    }
    for name in ["in_reply_to", "references", "to", "cc", "attachments"] {
        assert_eq!(empty[name], json!([]), "{name}");
    }
    let problem = &empty["problems"][0];
    assert_eq!(problem["code"], "not_a_mail");
    assert!(problem["detail"].is_string());
}

#[test]
fn parse_shows_what_a_bounce_says() {
    let folder = Folder::create().unwrap();
    let bounce = "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n<jane@acme.com>:\n\
                  host mx.acme.com said: 550 5.1.1 no such user\n\n--- Your mail:\n\n\
                  From: support@example.org\nTo: jane@acme.com\nSubject: Offer\n\
                  Message-ID: <one@example.org>\n";
    folder.write("bounce.eml", bounce).unwrap();
    let objects = parsed(&postroom(&folder, &["parse", "--json", "bounce.eml"]));
    assert_eq!(objects[0]["kind"], "bounce");
    let report = json!({
        "kind": "bounce",
        "recipients": [{
            "address": "jane@acme.com",
            "action": "failed",
            "status": "5.1.1",
            "reason": "unknown_user",
            "hard": true,
            "reply": "host mx.acme.com said: 550 5.1.1 no such user",
            "remote_mta": "mx.acme.com",
        }],
        "original_message_id": "one@example.org",
        "original_recipient": "jane@acme.com",
        "original_subject": "Offer",
    });
    assert_eq!(objects[0]["report"], report);
}

#[test]
fn parse_tells_people_the_same() {
    let folder = Folder::create().unwrap();
    folder.write("answer.eml", ANSWER).unwrap();
    let output = postroom(&folder, &["parse", "answer.eml"]);
    let shown = text(&output.stdout);
    for part in [
        "Jürgen Doe <jane@acme.com>",
        "Re: Kernel training",
        "It is.",
        "fix.patch",
    ] {
        assert!(shown.contains(part), "{part} is missing in {shown}");
    }
    let missing = postroom(&folder, &["parse", "--json", "nowhere.eml"]);
    assert!(!missing.status.success());
    assert!(text(&missing.stderr).contains("nowhere.eml"));
}

#[test]
fn init_writes_what_run_and_registration_read() {
    let folder = Folder::create().unwrap();
    let init = [
        "init",
        "--server-name=bootlin.example",
        "--address=training@bootlin.example",
    ];
    let output = postroom(&folder, &init);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("What to do next"));
    let registration = std::fs::read_to_string(folder.join("registration.yaml")).unwrap();
    let config = std::fs::read_to_string(folder.join("config.yaml")).unwrap();
    assert!(config.contains("training+{token}@bootlin.example"));

    let output = postroom(&folder, &["registration"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), registration);

    // A second time nothing is touched.
    let output = postroom(&folder, &init);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("config.yaml"));
    let now = std::fs::read_to_string(folder.join("registration.yaml")).unwrap();
    assert_eq!(now, registration);
}

#[test]
fn where_nothing_was_stored_there_is_nothing_to_copy() {
    let folder = Folder::create().unwrap();
    assert!(postroom(&folder, &["init"]).status.success());
    let copy = [
        "database",
        "copy",
        "--to=postgres://postroom@localhost/postroom",
    ];
    let output = postroom(&folder, &copy);
    assert!(!output.status.success());
    let said = text(&output.stderr);
    for part in ["postroom.db", "set `database.url`"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(!folder.join("postroom.db").exists());
}

#[test]
fn registration_makes_one_for_a_configuration_without() {
    let folder = Folder::create().unwrap();
    assert!(postroom(&folder, &["init"]).status.success());
    std::fs::remove_file(folder.join("registration.yaml")).unwrap();

    let output = postroom(&folder, &["registration"]);
    assert!(!output.status.success());
    assert!(
        text(&output.stderr).contains("--create"),
        "{}",
        text(&output.stderr)
    );

    let output = postroom(&folder, &["registration", "--create"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written = std::fs::read_to_string(folder.join("registration.yaml")).unwrap();
    assert_eq!(text(&output.stdout), written);
}

#[test]
fn run_tells_what_is_wrong_with_the_configuration() {
    let folder = Folder::create().unwrap();
    assert!(postroom(&folder, &["init"]).status.success());
    let config = std::fs::read_to_string(folder.join("config.yaml")).unwrap();
    let misspelt = config.replace("letters:", "leters:");
    let line = misspelt
        .lines()
        .position(|line| line.starts_with("leters"))
        .unwrap()
        + 1;
    folder.write("config.yaml", misspelt).unwrap();
    let output = postroom(&folder, &["run"]);
    assert!(!output.status.success());
    let told = text(&output.stderr);
    assert!(
        told.contains("leters") && told.contains(&line.to_string()),
        "{told}"
    );
    assert!(!told.contains("panicked"), "{told}");
}
