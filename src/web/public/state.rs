//! What the pages for customers work with.

use crate::{domain::token::Keys, lifecycle::Clock, store::Store};

#[derive(Debug, Clone)]
pub struct Public {
    pub store: Store,
    pub keys: Keys,
    pub clock: Clock,
}
