//! `postroom doctor` as a program, and what it said.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// What doctor said.
#[derive(Debug)]
pub struct Diagnosis {
    pub code: i32,
    pub worst: String,
    pub checks: Vec<Value>,
}

impl Diagnosis {
    /// The check of that name; the area too, as `area/check`.
    pub fn find(&self, name: &str) -> &Value {
        let (area, check) = name.split_once('/').unwrap();
        let is_it = |it: &&Value| it["area"] == area && it["check"] == check;
        let found = self.checks.iter().find(is_it);
        found.unwrap_or_else(|| panic!("no check {name} in {:#?}", self.checks))
    }

    pub fn status(&self, name: &str) -> &str {
        self.find(name)["status"].as_str().unwrap()
    }

    /// Fails unless the check has that status, with all of `parts` in what it says.
    #[track_caller]
    pub fn says(&self, name: &str, status: &str, parts: &[&str]) {
        let check = self.find(name);
        assert_eq!(check["status"], status, "{check:#}");
        let text = check.to_string();
        for part in parts {
            assert!(text.contains(part), "“{part}” is missing in {check:#}");
        }
    }

    /// The names of what isn't well.
    pub fn ill(&self) -> Vec<String> {
        let is_ill = |it: &&Value| it["status"] == "fault" || it["status"] == "warning";
        let name = |it: &Value| {
            let word = |key: &str| it[key].as_str().unwrap().to_owned();
            format!("{}/{}", word("area"), word("check"))
        };
        self.checks.iter().filter(is_ill).map(name).collect()
    }
}

/// Runs doctor, and looks whether what it says has its form: whatever is wrong has a meaning and a
/// remedy, the exit code follows from the worst, none of `secrets` is shown.
pub async fn ask(config: &Path, arguments: &[&str], secrets: &[&str]) -> Diagnosis {
    let output = run(config, &[&["--json"], arguments].concat(), secrets).await;
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no JSON: {}", text(&output)));
    let keys = |value: &Value| -> Vec<String> {
        let keys = value.as_object().unwrap().keys();
        keys.cloned().collect()
    };
    assert_eq!(report["schema"], 1);
    assert_eq!(keys(&report).len(), 3, "{report:#}");
    let checks = report["checks"].as_array().unwrap().clone();
    let mut worst = "ok";
    for check in &checks {
        let mut keys = keys(check);
        keys.sort();
        assert_eq!(
            keys,
            ["area", "check", "found", "meaning", "remedy", "status"]
        );
        let is_said = |key: &str| check[key].as_str().is_some_and(|text| !text.is_empty());
        let said = ["found", "meaning", "remedy"].map(is_said);
        let status = check["status"].as_str().unwrap();
        let expected = match status {
            "ok" => [true, false, false],
            "skipped" => [false, true, false],
            "warning" | "fault" => [true; 3],
            other => panic!("what is {other}?"),
        };
        assert_eq!(said, expected, "{check:#}");
        worst = match (status, worst) {
            ("fault", _) => "fault",
            ("warning", "ok") => "warning",
            _ => worst,
        };
    }
    assert_eq!(report["worst"], worst);
    let code = output.status.code().unwrap();
    let expected = ["ok", "warning", "fault"]
        .iter()
        .position(|it| *it == worst);
    assert_eq!(code, i32::try_from(expected.unwrap()).unwrap());
    Diagnosis {
        code,
        worst: worst.to_owned(),
        checks,
    }
}

/// Runs doctor beside the test's own servers.
pub async fn run(config: &Path, arguments: &[&str], secrets: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postroom"));
    command
        .arg("doctor")
        .arg("--config")
        .arg(config.file_name().unwrap())
        .args(arguments)
        .current_dir(config.parent().unwrap())
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    for secret in secrets {
        assert!(!text(&output).contains(secret), "{}", text(&output));
    }
    output
}

/// Everything that was written.
pub fn text(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr];
    texts
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}
