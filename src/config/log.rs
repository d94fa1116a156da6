//! `log`: what is logged, and how it looks.

use super::section::Section;
use crate::telemetry::{LEVELS, LogFormat, LogLevel};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
}

impl Log {
    pub(super) fn read(section: &mut Section) -> Self {
        let format = section.optional("format", "human", |text| match text {
            "human" => Ok(LogFormat::Human),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("\"{text}\" is neither \"human\" nor \"json\"").into()),
        });
        let level = section.optional("level", "info", |text| {
            LogLevel::parse(text)
                .ok_or_else(|| format!("\"{text}\" is none of {}", LEVELS.join(", ")).into())
        });
        Self {
            format: format.unwrap_or_default(),
            level: level.unwrap_or_default(),
        }
    }
}
