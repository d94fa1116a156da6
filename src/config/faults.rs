//! What is wrong with a configuration: every mistake once, each with its place and its remedy.

use std::{fmt, path::PathBuf};

/// Every mistake that was found, in the order of the file, then those of the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigFaults {
    pub(super) file: PathBuf,
    pub(super) faults: Vec<Fault>,
}

impl ConfigFaults {
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }
}

/// One line for each: `config.yaml:12:5: unknown key …; did you mean …?`
impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            match &fault.place {
                Place::File => write!(f, "{}", self.file.display())?,
                Place::Line { line, column } => {
                    write!(f, "{}:{line}:{column}", self.file.display())?;
                }
                Place::Variable(name) => f.write_str(name)?,
            }
            write!(f, ": {}; {}", fault.what, fault.remedy)?;
        }
        Ok(())
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub place: Place,
    /// What is wrong. Never repeats a value that may be a secret.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the file, nowhere in particular.
    File,
    /// Both count from 1; the column counts characters.
    Line { line: u64, column: u64 },
    /// In an environment variable.
    Variable(String),
}
