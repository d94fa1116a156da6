//! Real programs for tests and the demo: Synapse, Postfix, Dovecot, and Postroom between them.
//!
//! Every instance is private: free ports on loopback, its data in a temporary [`folder`], nothing
//! shared with another instance or with what the machine runs itself. So any number of test
//! processes can run side by side. Whatever is started here ends when its value is dropped, and
//! also when the program that started it is killed (see [`process`]).
//!
//! `scripts/provision` installs the programs. Postfix and Dovecot have to be started by root.
//!
//! One more server: a file with a `start` that reserves its [`ports`], writes its configuration
//! into a [`folder`], starts a [`process`] and waits until it answers.

pub mod certificates;
pub mod clamd;
pub mod customer;
mod dovecot;
pub mod folder;
pub mod http;
pub mod imap_server;
pub mod mail_servers;
pub mod mailbox;
pub mod matrix_client;
pub mod neomutt;
pub mod ports;
mod postfix;
pub mod postroom;
pub mod process;
pub mod provider;
pub mod rspamd;
pub mod synapse;
pub mod tunnel;
