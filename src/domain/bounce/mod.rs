//! What a report of failed delivery says (RFC 3464, and whoever ignores it), and what follows.
//!
//! `report` has its parts, `status` and `reason` what became of an address and why. `diagnosis` finds
//! the reason in what servers say, by the phrases in `words`, and `decide` says what Postroom does
//! about it, in words of `consequence`. A server's new way to say something is one phrase, with a case in `diagnosis`.

mod consequence;
mod decide;
mod diagnosis;
mod reason;
mod report;
mod status;
mod words;

pub use self::{
    consequence::{Cause, Consequence, Mark, MarkKind, Suspended},
    decide::{BounceFacts, Proof, Standing, Verdict, on_complaint, on_failure, on_refusal},
    reason::Reason,
    report::{Action, Bounce, Complaint, FailedRecipient, FeedbackType, Original, Report},
    status::{StatusCode, reply_code},
};
