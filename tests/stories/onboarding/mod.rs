//! From mail to Matrix, and back.

mod coming;
mod going;
mod ids;
mod welcome;

use serde_json::json;

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        fake_homeserver::{FakeUser, Membership},
        world::{Options, World},
    },
};

/// Jane's user, on a server of its own.
const JANE_THERE: &str = "@jane.d:matrix.org";

/// A room with Jane, who has had a letter, in which newcomers read nothing from before.
pub async fn desk(options: Options) -> Desk {
    let desk = Desk::open(options).await;
    let_read_from_the_invitation_on(&desk.world, &desk.room).await;
    desk
}

async fn let_read_from_the_invitation_on(world: &World, room: &str) {
    let content = json!({"history_visibility": "invited"});
    world
        .ann
        .set_state(room, "m.room.history_visibility", "", content);
    world.quiet().await;
}

/// Jane answers by mail.
async fn jane_writes(desk: &Desk, text: &str) {
    desk.take(&desk.token, &mail(JANE, &desk.token, "", text))
        .await;
}

/// What the bot has said in a room, by event id.
fn notices(world: &World, room: &str, text: &str) -> Vec<(String, String)> {
    let timeline = world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.sender == BOT && event.body().contains(text))
        .map(|event| (event.event_id.clone(), event.body().to_owned()))
        .collect()
}

/// The one notice that contains `text`.
pub fn notice(world: &World, room: &str, text: &str) -> (String, String) {
    let mut found = notices(world, room, text);
    assert_eq!(found.len(), 1, "“{text}” in {found:?}");
    found.remove(0)
}

pub async fn until_invited(world: &World, room: &str, user: &str) {
    world
        .until(&format!("{user} is invited"), || {
            world.homeserver.members(room).get(user) == Some(&Membership::Invite)
        })
        .await;
    world.quiet().await;
}

pub fn is_invited(world: &World, room: &str, user: &str) -> bool {
    world.homeserver.members(room).get(user) == Some(&Membership::Invite)
}

/// Jane has answered with her id and come in, and has had the last mail, her second.
pub async fn moved(options: Options) -> (Desk, FakeUser) {
    let desk = desk(options).await;
    let jane = desk.world.homeserver.user(JANE_THERE);
    jane_writes(&desk, JANE_THERE).await;
    until_invited(&desk.world, &desk.room, JANE_THERE).await;
    jane.join(&desk.room);
    desk.world.mails_to("jane@acme.com", 2).await;
    desk.world.quiet().await;
    (desk, jane)
}
