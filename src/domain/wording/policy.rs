//! What the bot says about rooms and what they must be.

use ruma::{OwnedUserId, UserId};

use crate::domain::{
    room_policy::{
        Ability, Audit, Change, Finding, Flaw, History, JoinRule, Lacking, Policy, Power, Problem,
        Progress, RoomState, Rule, SpaceFault, Strength, Task, Wish,
    },
    room_reference::RoomReference,
};

pub fn which_room(text: &str) -> String {
    format!(
        "“{text}” is no room. Write its address (`#lyon:example.org`), its id (`!abc:example.org`) or a link \
         to it; without one it is this room."
    )
}

pub fn space_does_what() -> String {
    "`!email space add` takes this room into the Space; `!email space add #lyon:example.org` another one."
        .to_owned()
}

/// The answer while work goes on.
pub fn at_work(wish: Wish) -> String {
    match wish {
        Wish::Audit => "I look at the room …",
        Wish::Apply => "I look at the room and mend what I can …",
        Wish::AddToSpace => "I look whether the room can be taken into the Space …",
    }
    .to_owned()
}

/// The same once something is done.
pub fn so_far(wish: Wish, progress: &Progress) -> String {
    let mut lines = vec![at_work(wish)];
    lines.extend(changes(progress));
    lines.join("\n")
}

/// The homeserver doesn't answer.
pub fn waits(wish: Wish, reason: &str) -> String {
    format!(
        "{} It takes longer: {reason}. I keep trying.",
        at_work(wish)
    )
}

pub fn given_up(reason: &str, progress: &Progress) -> String {
    let mut lines = vec![format!(
        "I have stopped trying: {reason}. Nothing is lost: ask me again, and I go on where I was."
    )];
    lines.extend(changes(progress));
    lines.join("\n")
}

pub fn no_such_address(target: &RoomReference) -> String {
    format!("{} leads to no room.", target.as_str())
}

pub fn address_refused(target: &RoomReference, reason: &str) -> String {
    format!("I can't find the room {}: {reason}.", target.as_str())
}

/// The homeserver shows us nothing of it.
pub fn not_in_there(room: &str, bot: &UserId) -> String {
    format!(
        "I'm not in the room {room}, so I can't look at it, whichever server it lives on. Invite me \
         (`/invite {bot}`) there, then ask me again."
    )
}

pub fn was_replaced(room: &RoomState) -> String {
    let by = match room.replaced_by.as_deref() {
        Some(by) if !by.is_empty() => format!(" by {by}"),
        _ => String::new(),
    };
    format!(
        "{} has been replaced{by}: ask me about the new room.",
        called(room)
    )
}

/// How a room fares, point by point.
pub fn report(
    room: &RoomState,
    audit: &Audit,
    progress: Option<&Progress>,
    policy: &Policy,
    bot: &UserId,
) -> String {
    let broken = audit.broken().count();
    let poor = audit.flawed(Strength::Should).count();
    let sum = match (broken, poor) {
        (0, 0) => "it is as it must be".to_owned(),
        (0, poor) => format!("nothing is broken, {} better", points(poor, "could be")),
        (broken, 0) => points(broken, "is_broken"),
        (broken, poor) => format!(
            "{}, {} better",
            points(broken, "is_broken"),
            points(poor, "could be")
        ),
    };
    let mut lines = vec![format!("{}: {sum}.", called(room))];
    if let Some(progress) = progress {
        match changes(progress).as_slice() {
            [] => lines.push("There was nothing that I could mend.".to_owned()),
            changes => lines.extend_from_slice(changes),
        }
        lines.push(String::new());
    }
    let is_applied = progress.is_some();
    for finding in &audit.findings {
        lines.extend(point(finding, is_applied, policy, bot));
    }
    lines.join("\n")
}

fn points(number: usize, verb: &str) -> String {
    match (number, verb) {
        (1, "is_broken") => "one point is broken".to_owned(),
        (number, "is_broken") => format!("{number} points are broken"),
        (1, verb) => format!("one {verb}"),
        (number, verb) => format!("{number} {verb}"),
    }
}

fn changes(progress: &Progress) -> Vec<String> {
    let done = progress.done.iter().map(|done| format!("🔧 {done}"));
    let failed = progress.failed.iter().map(|failed| format!("❌ {failed}"));
    done.chain(failed).collect()
}

/// Of something that staff had asked for.
pub fn set_aside(problem: &str) -> String {
    format!("What was asked of me about a room is set aside ({problem}). Please ask me again.")
}

pub fn in_space_already(room: &RoomState) -> String {
    format!("{} is in the Space already.", called(room))
}

/// What it still should be is told, too.
pub fn taken_into_space(room: &RoomState, audit: &Audit, policy: &Policy, bot: &UserId) -> String {
    let mut lines = vec![format!("✅ {} is in the Space now.", called(room))];
    let poor = audit.flawed(Strength::Should);
    for finding in poor.filter(|finding| finding.rule != Rule::Space) {
        lines.extend(point(finding, false, policy, bot));
    }
    lines.join("\n")
}

/// Musts that are broken keep a room out.
pub fn not_fit_for_space(room: &RoomState, audit: &Audit, policy: &Policy, bot: &UserId) -> String {
    let mut lines = vec![format!(
        "{} can't be taken into the Space yet. What it lacks:",
        called(room)
    )];
    for finding in audit.broken().filter(|finding| finding.rule != Rule::Space) {
        lines.extend(point(finding, false, policy, bot));
    }
    lines.push("Then ask me again.".to_owned());
    lines.join("\n")
}

pub fn not_into_space(
    fault: &SpaceFault,
    room: &RoomState,
    policy: &Policy,
    bot: &UserId,
) -> String {
    let why = match fault {
        SpaceFault::Unset => "no Space is configured (`rooms.space`).".to_owned(),
        SpaceFault::Hidden => hidden_space(policy, bot),
        SpaceFault::Lacking(lacking) => lack(lacking, bot),
    };
    format!("{} can't be taken into the Space: {why}", called(room))
}

pub fn space_refused(room: &RoomState, reason: &str) -> String {
    format!(
        "{} could not be taken into the Space: {reason}.",
        called(room)
    )
}

/// What has just been done.
pub fn done(change: &Change) -> String {
    match change {
        Change::Invite { user, .. } => format!("{user} is invited."),
        Change::State { kind, content, .. } => match kind.as_str() {
            "m.room.name" => format!(
                "The room is called “{}”.",
                content["name"].as_str().unwrap_or_default()
            ),
            "m.room.topic" => "The room has a topic.".to_owned(),
            "m.room.avatar" => "The room has the logo.".to_owned(),
            "m.room.join_rules" => format!(
                "Who can come in: {}.",
                who_can_come(content["join_rule"].as_str().unwrap_or_default())
            ),
            "m.room.history_visibility" => format!(
                "Newcomers read {}.",
                from_when(content["history_visibility"].as_str().unwrap_or_default())
            ),
            "m.room.power_levels" => "Who may do what is set.".to_owned(),
            "m.space.child" => "The Space lists the room.".to_owned(),
            "m.space.parent" => "The room names the Space.".to_owned(),
            kind => format!("{kind} is set."),
        },
    }
}

pub fn failed(change: &Change, reason: &str) -> String {
    let what = match change {
        Change::Invite { user, .. } => format!("{user} could not be invited"),
        Change::State { kind, .. } => match kind.as_str() {
            "m.room.name" => "The name could not be set".to_owned(),
            "m.room.topic" => "The topic could not be set".to_owned(),
            "m.room.avatar" => "The logo could not be set".to_owned(),
            "m.room.join_rules" => "Who can come in could not be set".to_owned(),
            "m.room.history_visibility" => "What newcomers read could not be set".to_owned(),
            "m.room.power_levels" => "Who may do what could not be set".to_owned(),
            kind => format!("{kind} could not be set"),
        },
    };
    format!("{what}: {reason}.")
}

/// One point, with what to do about it below.
fn point(finding: &Finding, is_applied: bool, policy: &Policy, bot: &UserId) -> Vec<String> {
    let Some(flaw) = &finding.flaw else {
        return vec![format!("✅ {}", well(finding.rule, policy))];
    };
    let mark = match finding.strength {
        Strength::Must => "❌",
        Strength::Should | Strength::Off => "⚠️",
    };
    let mut lines = vec![format!("{mark} {}", problem(&flaw.problem, policy))];
    let remedies = remedies(flaw, is_applied, policy, bot);
    lines.extend(remedies.into_iter().map(|remedy| format!("→ {remedy}")));
    lines
}

fn well(rule: Rule, policy: &Policy) -> String {
    match rule {
        Rule::Bot => "I may do what I must.".to_owned(),
        Rule::Ghosts => "People on email can talk, and nothing else.".to_owned(),
        Rule::Encryption if policy.encrypted => "It is encrypted.".to_owned(),
        Rule::Encryption => "It isn't encrypted.".to_owned(),
        Rule::Admin => {
            let admin = policy.admin.as_ref().map_or("", |admin| admin.as_str());
            format!("The functional account {admin} is its admin.")
        }
        Rule::Moderator => "A person looks after it.".to_owned(),
        Rule::Staff => "Staff are here or invited.".to_owned(),
        Rule::Prefix => {
            let prefix = policy.prefix.as_deref().unwrap_or_default();
            format!("Its name begins with “{}”.", prefix.trim_end())
        }
        Rule::Topic => "It has a topic.".to_owned(),
        Rule::Logo => "It has the logo.".to_owned(),
        Rule::JoinRule => "Who can come in is as it must be.".to_owned(),
        Rule::History => "What newcomers read is as it must be.".to_owned(),
        Rule::Space => "It is in the Space.".to_owned(),
    }
}

fn problem(problem: &Problem, policy: &Policy) -> String {
    match problem {
        Problem::BotCannot(abilities) => format!("I may not {}.", list_of(abilities, "or")),
        Problem::GhostsCan(abilities) => {
            format!("People on email could {}.", list_of(abilities, "and"))
        }
        Problem::GhostsCannotTalk => {
            "People on email may not talk: their mails can't be shown.".to_owned()
        }
        Problem::Encrypted => "It is encrypted: I can't read it.".to_owned(),
        Problem::NotEncrypted => "It isn't encrypted.".to_owned(),
        Problem::AdminIsAway => format!("{} isn't here.", admin(policy)),
        Problem::AdminIsInvited => format!("{} is invited and hasn't come yet.", admin(policy)),
        Problem::AdminLacksPower => format!("{} isn't admin.", admin(policy)),
        Problem::NoModerator => {
            "No person looks after it: nobody but machines and the functional account is moderator."
                .to_owned()
        }
        Problem::StaffAreAway(users) => format!("Not here: {}.", users_of(users)),
        Problem::NoName => "It has no name.".to_owned(),
        Problem::NoPrefix => {
            let prefix = policy.prefix.as_deref().unwrap_or_default();
            format!("Its name doesn't begin with “{}”.", prefix.trim_end())
        }
        Problem::NoTopic => "It has no topic.".to_owned(),
        Problem::NoLogo => "It has no logo.".to_owned(),
        Problem::OtherLogo => "Its logo is another one.".to_owned(),
        Problem::JoinRule(found) => {
            let allowed: Vec<&str> = policy
                .join_rules
                .iter()
                .map(|rule| who_can_come(rule.word()))
                .collect();
            format!(
                "Who can come in: {}. It must be: {}.",
                who_can_come(found),
                allowed.join(", or ")
            )
        }
        Problem::History(found) => format!(
            "Newcomers read {}. It must be {}.",
            from_when(found),
            from_when(policy.history.word())
        ),
        Problem::NotInSpace => "It isn't in the Space.".to_owned(),
        Problem::NamesNoSpace => "The Space lists it, and it doesn't name the Space.".to_owned(),
        Problem::SpaceIsHidden => "I can't tell whether it is in the Space.".to_owned(),
    }
}

fn remedies(flaw: &Flaw, is_applied: bool, policy: &Policy, bot: &UserId) -> Vec<String> {
    let mut told = Vec::new();
    if !flaw.changes.is_empty() && !is_applied {
        told.push("`!email policy apply` mends it.".to_owned());
    }
    told.extend(flaw.lacking.iter().map(|lacking| lack(lacking, bot)));
    told.extend(
        flaw.task
            .iter()
            .map(|task| what_people_do(task, policy, bot)),
    );
    told
}

fn what_people_do(task: &Task, policy: &Policy, bot: &UserId) -> String {
    match task {
        Task::MakeNewRoom => {
            "That can't be undone: make a new room without encryption, and invite me there."
                .to_owned()
        }
        Task::Encrypt => {
            "Switch it on in the room's settings (Security & Privacy). I can't read the room \
                          from then on, and carry no mail."
                .to_owned()
        }
        Task::Accept(user) => format!("{user} has to accept the invitation."),
        Task::AppointModerator => {
            "Make somebody moderator (level 50): in their profile in the member list, or with \
             `/op @ann:example.org 50`."
                .to_owned()
        }
        Task::Ask(users) => format!(
            "{} had left or been put out, so I don't invite them again: please do that yourselves, if they \
             want to come.",
            users_of(users)
        ),
        Task::NameRoom => "Give it a name, in the room's settings.".to_owned(),
        Task::AllowTalking { level } => format!(
            "Set “Send messages” to level {level} in the room's settings (Roles & Permissions)."
        ),
        Task::AddToSpace => "`!email space add` takes it there.".to_owned(),
        Task::InviteBotToSpace => hidden_space(policy, bot),
    }
}

fn hidden_space(policy: &Policy, bot: &UserId) -> String {
    let space = policy.space.as_ref().map_or("", |space| space.as_str());
    format!(
        "I'm not in the Space ({space}). Invite me there (`/invite {bot}`), and let me list rooms \
         (`/op {bot} 50`)."
    )
}

/// Which level it takes, and who could give it.
fn lack(lacking: &Lacking, bot: &UserId) -> String {
    let Lacking {
        level,
        has,
        givers,
        in_space,
    } = lacking;
    let place = if *in_space { "in the Space" } else { "here" };
    let need = format!("I need level {level} {place} for that, and have {has}.");
    if givers.is_empty() {
        return format!("{need} Nobody who is {place} can give it to me.");
    }
    let names: Vec<String> = givers
        .iter()
        .take(MOST_NAMED)
        .map(|(user, power)| match power {
            Power::Creator => format!("{user} (who made the room)"),
            Power::Level(level) => format!("{user} (level {level})"),
        })
        .collect();
    format!(
        "{need} `/op {bot} {level}` by {} gives it to me.",
        names.join(" or ")
    )
}

/// People who are named in one sentence.
const MOST_NAMED: usize = 3;

fn admin(policy: &Policy) -> String {
    let admin = policy.admin.as_ref().map_or("", |admin| admin.as_str());
    format!("The functional account {admin}")
}

fn users_of(users: &[OwnedUserId]) -> String {
    let names: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
    names.join(", ")
}

fn list_of(abilities: &[Ability], last: &str) -> String {
    let words: Vec<&str> = abilities.iter().map(|ability| word(*ability)).collect();
    match words.split_last() {
        Some((end, [])) => (*end).to_owned(),
        Some((end, others)) => format!("{} {last} {end}", others.join(", ")),
        None => String::new(),
    }
}

fn word(ability: Ability) -> &'static str {
    match ability {
        Ability::Talk => "talk",
        Ability::React => "react",
        Ability::Invite => "invite",
        Ability::PutOut => "put people out",
        Ability::Redact => "remove what others write",
        Ability::CallAll => "call everybody (@room)",
        Ability::ChangeRoom => "change the room",
    }
}

pub(super) fn who_can_come(word: &str) -> &str {
    match JoinRule::from_word(word) {
        Some(JoinRule::Invite) => "who is invited",
        Some(JoinRule::Knock) => "who is invited, or knocks and is let in",
        Some(JoinRule::Restricted) => "who is invited, or in the Space",
        Some(JoinRule::KnockRestricted) => "who is invited, in the Space, or knocks and is let in",
        Some(JoinRule::Public) => "everybody",
        None => word,
    }
}

pub(super) fn from_when(word: &str) -> &str {
    match History::from_word(word) {
        Some(History::Joined) => "from when they came in",
        Some(History::Invited) => "from when they were invited",
        Some(History::Shared) => "all that was ever written",
        Some(History::WorldReadable) => {
            "all that was ever written, like everybody, without coming in"
        }
        None => word,
    }
}

fn called(room: &RoomState) -> String {
    match (room.name.as_str(), &room.alias) {
        ("", Some(alias)) => alias.clone(),
        ("", None) => format!("The room {}", room.id),
        (name, _) => format!("“{name}”"),
    }
}
