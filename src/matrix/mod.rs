//! Matrix on the wire: events decoded and encoded, the homeserver's client, the registration.
//!
//! May be imported by `flow`, `web` and `cli`; imports `config`, `ports` and the floors below. A new
//! message type is a variant of `domain::event::Content` and an arm in [`decode`].

pub mod client;
pub mod decode;
pub mod encode;
pub mod post;
pub mod probe;
pub mod registration;
