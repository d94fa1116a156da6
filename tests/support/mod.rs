//! What several test programs share.
#![allow(
    dead_code,
    reason = "each test program is compiled with all of it and uses its own part"
)]

pub mod servers;
