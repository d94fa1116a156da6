//! Marks mails that were taken over. Nothing is ever deleted.

use super::{
    fault::Fault,
    fetch::set,
    name::quoted,
    session::{Ended, Session, Unreadable},
};

impl Session {
    /// Gives mails a flag or a keyword; which of them are gone by now doesn't matter. Returns the
    /// server's words if it doesn't want to.
    pub async fn flag(&mut self, uids: &[u32], flag: &str) -> Result<Result<(), String>, Fault> {
        let command = format!("UID STORE {} +FLAGS.SILENT ({flag})", set(uids));
        self.try_to(&command).await
    }

    /// Whether mails can be moved in one step (RFC 6851). Without it they would have to be copied and
    /// deleted.
    pub fn can_move(&self) -> bool {
        self.capabilities.moves
    }

    /// Moves mails into the folder that the server calls `wire_name` (see [`Session::provide`]).
    pub async fn move_to(
        &mut self,
        uids: &[u32],
        wire_name: &str,
    ) -> Result<Result<(), String>, Fault> {
        let command = format!("UID MOVE {} {}", set(uids), quoted(wire_name));
        self.try_to(&command).await
    }

    async fn try_to(&mut self, command: &str) -> Result<Result<(), String>, Fault> {
        Ok(
            match self.command(command, Unreadable::Skip, |_| {}).await? {
                Ended::Ok => Ok(()),
                Ended::No(answer) => Err(answer),
            },
        )
    }
}
