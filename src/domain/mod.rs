//! Words, facts, effects and the decisions. Pure: no async, no SQL, no HTTP, no clock, no chance.
//!
//! May be imported by every floor above `content`; imports only `content`. A new decision is one
//! file with a function from facts to [`effect::Effect`]s and a table of cases as its test.

pub mod address;
pub mod automatic;
pub mod bounce;
pub mod classify;
pub mod command;
pub mod delivery;
pub mod desk;
pub mod effect;
pub mod elsewhere;
pub mod erased;
pub mod event;
pub mod evidence;
pub mod facts;
pub mod flood;
pub mod freemail;
pub mod ghost;
pub mod guard;
pub mod held;
pub mod hours;
pub mod ids;
pub mod incoming;
pub mod intake;
pub mod letter;
pub mod life;
pub mod machine;
pub mod marks;
pub mod matrix_id;
pub mod note;
pub mod notices;
pub mod on_mail;
pub mod on_matrix;
pub mod onboarding;
pub mod outgoing;
pub mod poll;
pub mod reply_address;
pub mod rhythm;
pub mod role_address;
pub mod room_policy;
pub mod room_reference;
pub mod room_rules;
pub mod senders;
pub mod settings;
pub mod sharing;
pub mod signs;
pub mod space_request;
pub mod staff;
pub mod threading;
pub mod timing;
pub mod token;
pub mod trust;
pub mod wording;
