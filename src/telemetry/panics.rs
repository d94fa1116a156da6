//! What is told of a fault in the program: where it is, and never what was worked on.

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    panic,
};

/// From now on the log tells of panics, with a backtrace if `RUST_BACKTRACE` asks for one.
pub(super) fn log() {
    panic::set_hook(Box::new(|fault| {
        let place = fault.location().map(ToString::to_string);
        let words = harmless(fault.payload());
        tracing::error!(place, words, "Postroom has a fault; please report it");
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            for line in trace.to_string().lines() {
                tracing::error!("{line}");
            }
        }
    }));
}

/// The words of the program itself. Those that were put together at the time may quote a mail:
/// cutting a text within a character does.
fn harmless(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref().copied().unwrap_or("…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fault_quotes_what_was_worked_on() {
        let mail = "xylophoné".to_owned();
        let fault = panic::catch_unwind(|| mail[..9].len()).unwrap_err();
        let words = fault.downcast_ref::<String>().unwrap();
        assert!(words.contains("xylophon"), "{words}");
        assert_eq!(harmless(fault.as_ref()), "…");
        let fault = panic::catch_unwind(|| panic!("no such row")).unwrap_err();
        assert_eq!(harmless(fault.as_ref()), "no such row");
    }
}
