//! What was found wrong with one mail.

use crate::domain::incoming::Problem;

/// Each code at most once.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, code: &'static str, detail: &str) {
        if self.0.iter().all(|known| known.code != code) {
            self.0.push(Problem {
                code,
                detail: detail.to_owned(),
            });
        }
    }

    pub(super) fn into_inner(self) -> Vec<Problem> {
        self.0
    }
}
