//! What each endpoint does once the requester is known.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::api::{Answer, Call};
use super::refusal::Refusal;
use super::room::{Membership, Receipt, Room, TimelineEvent};
use super::route::Route;
use super::world::{Draft, Media, Profile, World};

/// Who asks.
pub struct Requester {
    pub user: String,
    pub device: Option<String>,
}

pub fn versions() -> Value {
    json!({"versions": ["v1.1", "v1.5", "v1.11", "v1.12", "v1.13"], "unstable_features": {}})
}

pub fn act(
    world: &mut World,
    requester: &Requester,
    call: &Call,
    route: Route<'_>,
) -> Result<Answer, Refusal> {
    let user = requester.user.as_str();
    let body = || call.object(route.allows_empty_body());
    let answer = match route {
        Route::Versions => versions(),
        Route::WhoAmI => whoami(requester),
        Route::Register => register(world, &body()?)?,
        Route::PutDevice { device } => {
            world.devices.insert((user.to_owned(), device.to_owned()));
            json!({})
        }
        Route::GetProfile { user, field } => profile(world, user, field)?,
        Route::PutProfile {
            user: target,
            field,
        } => put_profile(world, user, target, field, &body()?)?,
        Route::Deactivate => deactivate(world, user, &body()?)?,
        Route::CreateRoom => json!({"room_id": world.create_room(user, &body()?)?}),
        Route::ResolveAlias { alias } => match world.aliases.get(alias) {
            Some(room) => json!({"room_id": room, "servers": [world.config.server_name]}),
            None => return Err(Refusal::not_found("Room alias not found")),
        },
        Route::PutAlias { alias } => put_alias(world, user, alias, &body()?)?,
        Route::DeleteAlias { alias } => {
            // Whoever made it may; here everybody of the appservice has made them all.
            let known = world.aliases.remove(alias);
            known.ok_or_else(|| Refusal::not_found("Room alias not found"))?;
            json!({})
        }
        Route::Join { room } => join(world, user, room, &body()?)?,
        Route::Leave { room } => change(world, user, room, user, Membership::Leave, &body()?)?,
        Route::Invite { room } => on_other(world, user, room, Membership::Invite, &body()?)?,
        Route::Kick { room } => on_other(world, user, room, Membership::Leave, &body()?)?,
        Route::Ban { room } => on_other(world, user, room, Membership::Ban, &body()?)?,
        Route::Send {
            room,
            kind,
            transaction,
        } => once(world, requester, call, room, transaction, |world| {
            let content = body()?;
            world.send(draft(call, room, user, kind, None, content)?)
        })?,
        Route::Redact {
            room,
            event,
            transaction,
        } => once(world, requester, call, room, transaction, |world| {
            world.redact(room, user, event, body()?["reason"].as_str())
        })?,
        Route::PutState { room, kind, key } => {
            let event = world.send(draft(call, room, user, kind, Some(key), body()?)?)?;
            json!({"event_id": event})
        }
        Route::GetState { room, kind, key } => {
            let state = world.joined_room(room, user)?.state(kind, key);
            let state = state.ok_or_else(|| Refusal::not_found("Event not found."))?;
            if call.parameter("format") == Some("event") {
                state.to_json()
            } else {
                state.content.clone()
            }
        }
        Route::AllState { room } => world
            .known_room(room, user)?
            .all_state()
            .map(TimelineEvent::to_json)
            .collect(),
        Route::Members { room } => members(world.joined_room(room, user)?, call),
        Route::JoinedMembers { room } => joined_members(world.joined_room(room, user)?),
        Route::JoinedRooms => {
            let joined = world.rooms.values().filter(|room| room.is_joined(user));
            json!({"joined_rooms": joined.map(|room| room.id.as_str()).collect::<Vec<_>>()})
        }
        Route::Event { room, event } => {
            let event = world.joined_room(room, user)?.event(event);
            event
                .ok_or_else(|| Refusal::not_found("Could not find event"))?
                .to_json()
        }
        Route::Messages { room } => messages(world.joined_room(room, user)?, call)?,
        Route::Receipt { room, kind, event } => receipt(world, user, room, kind, event, &body()?)?,
        Route::ReadMarkers { room } => read_markers(world, user, room, &body()?)?,
        Route::Typing { room, user: target } => typing(world, user, room, target, &body()?)?,
        // Answered before: it calls back, and nothing is locked meanwhile.
        Route::Ping => json!({}),
        Route::MediaConfig => json!({"m.upload.size": world.config.max_upload}),
        Route::CreateMedia => {
            let media = new_media(world, None);
            json!({"content_uri": media, "unused_expires_at": world.now() + 86_400_000})
        }
        Route::Upload => upload(world, user, call)?,
        Route::UploadTo { server, media } => upload_to(world, user, server, media, call)?,
        Route::Download { server, media } => return download(world, server, media),
    };
    Ok(Answer::Json(answer))
}

fn whoami(requester: &Requester) -> Value {
    let mut answer = json!({"user_id": requester.user, "is_guest": false});
    if let Some(device) = &requester.device {
        answer["device_id"] = device.as_str().into();
    }
    answer
}

fn register(world: &mut World, body: &Value) -> Result<Value, Refusal> {
    if body["type"] != "m.login.application_service" {
        let error = "Registration of ordinary users is off";
        return Err(Refusal::forbidden(error));
    }
    if body["inhibit_login"] != true {
        let error = "inhibit_login must be true";
        return Err(Refusal::new(400, "M_APPSERVICE_LOGIN_UNSUPPORTED", error));
    }
    let localpart = body["username"]
        .as_str()
        .ok_or_else(|| Refusal::missing("username"))?;
    let user = format!("@{localpart}:{}", world.config.server_name);
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "=_-./+".contains(c);
    if localpart.is_empty() || !localpart.chars().all(allowed) || user.len() > 255 {
        let error = "User ID can only contain characters a-z, 0-9, or '=_-./+'";
        return Err(Refusal::new(400, "M_INVALID_USERNAME", error));
    }
    if !world.is_served(&user) {
        let error = "Invalid user localpart for this application service.";
        return Err(Refusal::new(400, "M_EXCLUSIVE", error));
    }
    if world.users.contains_key(&user) {
        return Err(Refusal::new(400, "M_USER_IN_USE", "User ID already taken."));
    }
    let profile = Profile {
        displayname: Some(localpart.to_owned()),
        avatar_url: None,
    };
    world.users.insert(user.clone(), profile);
    Ok(json!({"user_id": user, "home_server": world.config.server_name}))
}

fn profile(world: &World, user: &str, field: Option<&str>) -> Result<Value, Refusal> {
    let profile = world.users.get(user);
    let profile = profile.ok_or_else(|| Refusal::not_found("Profile was not found"))?;
    let mut answer = Map::new();
    for (name, value) in [
        ("displayname", &profile.displayname),
        ("avatar_url", &profile.avatar_url),
    ] {
        if let Some(value) = value
            && field.is_none_or(|field| field == name)
        {
            answer.insert(name.into(), value.clone().into());
        }
    }
    Ok(Value::Object(answer))
}

fn put_profile(
    world: &mut World,
    user: &str,
    target: &str,
    field: &str,
    body: &Value,
) -> Result<Value, Refusal> {
    if user != target {
        return Err(Refusal::new(
            400,
            "M_FORBIDDEN",
            "Cannot set another user's profile",
        ));
    }
    let value = body[field]
        .as_str()
        .ok_or_else(|| Refusal::missing(field))?
        .to_owned();
    if field == "displayname" && value.chars().count() > 256 {
        let error = "Displayname is too long (max 256)";
        return Err(Refusal::new(400, "M_INVALID_PARAM", error));
    }
    let value = Some(value).filter(|value| !value.is_empty());
    match field {
        "displayname" => world.set_profile(user, |profile| profile.displayname = value),
        "avatar_url" => world.set_profile(user, |profile| profile.avatar_url = value),
        _ => return Err(Refusal::new(404, "M_UNRECOGNIZED", "Unrecognized request")),
    }
    Ok(json!({}))
}

/// Synapse lets an appservice give up its own users; they leave every room, and nobody can act in their
/// name again.
fn deactivate(world: &mut World, user: &str, body: &Value) -> Result<Value, Refusal> {
    if !world.is_served(user) {
        return Err(Refusal::forbidden("Only users of the appservice"));
    }
    let joined: Vec<String> = world
        .rooms
        .values()
        .filter(|room| room.is_joined(user))
        .map(|room| room.id.clone())
        .collect();
    for room in joined {
        change(world, user, &room, user, Membership::Leave, &json!({}))?;
    }
    if body["erase"] == true {
        world.set_profile(user, |profile| *profile = Profile::default());
    }
    world.deactivated.insert(user.to_owned());
    Ok(json!({"id_server_unbind_result": "success"}))
}

fn join(world: &mut World, user: &str, room: &str, body: &Value) -> Result<Value, Refusal> {
    let id = world
        .aliases
        .get(room)
        .cloned()
        .unwrap_or_else(|| room.to_owned());
    change(world, user, &id, user, Membership::Join, body)?;
    Ok(json!({"room_id": id}))
}

fn put_alias(world: &mut World, user: &str, alias: &str, body: &Value) -> Result<Value, Refusal> {
    let room = body["room_id"]
        .as_str()
        .ok_or_else(|| Refusal::missing("room_id"))?;
    if !alias.ends_with(&format!(":{}", world.config.server_name)) {
        return Err(Refusal::new(
            400,
            "M_INVALID_PARAM",
            "Room alias must be local",
        ));
    }
    if world.aliases.contains_key(alias) {
        let error = format!("Room alias {alias} already exists");
        return Err(Refusal::new(409, "M_UNKNOWN", error));
    }
    world.joined_room(room, user)?;
    world.aliases.insert(alias.to_owned(), room.to_owned());
    Ok(json!({}))
}

fn on_other(
    world: &mut World,
    user: &str,
    room: &str,
    to: Membership,
    body: &Value,
) -> Result<Value, Refusal> {
    let target = body["user_id"]
        .as_str()
        .ok_or_else(|| Refusal::missing("user_id"))?;
    if !target.starts_with('@') || !target.contains(':') {
        return Err(Refusal::new(400, "M_INVALID_PARAM", "Invalid user id"));
    }
    change(world, user, room, target, to, body)
}

fn change(
    world: &mut World,
    user: &str,
    room: &str,
    target: &str,
    to: Membership,
    body: &Value,
) -> Result<Value, Refusal> {
    world.set_membership(room, user, target, to, body["reason"].as_str())?;
    Ok(json!({}))
}

/// Sends unless a request with this path (or, with a device, this transaction id) was answered
/// before: then the answer is the same, whoever asks. Only successes are remembered.
fn once(
    world: &mut World,
    requester: &Requester,
    call: &Call,
    room: &str,
    transaction: &str,
    send: impl FnOnce(&mut World) -> Result<String, Refusal>,
) -> Result<Value, Refusal> {
    let stored_key = requester
        .device
        .as_ref()
        .map(|device| [room, &requester.user, device.as_str(), transaction].map(str::to_owned));
    let known = world
        .transactions
        .get(&call.raw_path)
        .or_else(|| world.stored_transactions.get(stored_key.as_ref()?));
    if let Some(event) = known {
        return Ok(json!({"event_id": event}));
    }
    let event = send(world)?;
    world
        .transactions
        .insert(call.raw_path.clone(), event.clone());
    if let Some(key) = stored_key {
        world.stored_transactions.insert(key, event.clone());
    }
    Ok(json!({"event_id": event}))
}

fn draft<'a>(
    call: &Call,
    room: &'a str,
    sender: &'a str,
    kind: &'a str,
    state_key: Option<&'a str>,
    content: Value,
) -> Result<Draft<'a>, Refusal> {
    let invalid = |_| Refusal::new(400, "M_INVALID_PARAM", "ts must be an integer");
    let timestamp = call
        .parameter("ts")
        .map(str::parse)
        .transpose()
        .map_err(invalid)?;
    Ok(Draft {
        room,
        sender,
        kind,
        state_key,
        content,
        timestamp,
        redacts: None,
    })
}

fn members(room: &Room, call: &Call) -> Value {
    let wanted = call.parameter("membership");
    let unwanted = call.parameter("not_membership");
    let chunk: Vec<Value> = room
        .state_of_kind("m.room.member")
        .filter(|event| wanted.is_none_or(|wanted| event.membership() == wanted))
        .filter(|event| unwanted.is_none_or(|unwanted| event.membership() != unwanted))
        .map(TimelineEvent::to_json)
        .collect();
    json!({"chunk": chunk})
}

fn joined_members(room: &Room) -> Value {
    let joined: Map<String, Value> = room
        .state_of_kind("m.room.member")
        .filter(|event| event.membership() == "join")
        .filter_map(|event| {
            let profile = json!({
                "display_name": event.content["displayname"],
                "avatar_url": event.content["avatar_url"],
            });
            Some((event.state_key.clone()?, profile))
        })
        .collect();
    json!({"joined": joined})
}

fn messages(room: &Room, call: &Call) -> Result<Value, Refusal> {
    let backwards = match call.parameter("dir") {
        Some("b") | None => true,
        Some("f") => false,
        Some(_) => return Err(Refusal::new(400, "M_INVALID_PARAM", "dir must be b or f")),
    };
    let invalid = |_| Refusal::new(400, "M_INVALID_PARAM", "Invalid parameter");
    let limit: usize = call
        .parameter("limit")
        .unwrap_or("10")
        .parse()
        .map_err(invalid)?;
    let place = |token: &str| {
        token
            .trim_start_matches('t')
            .parse::<usize>()
            .map_err(invalid)
    };
    let from = call.parameter("from").map(place).transpose()?;
    let to = call.parameter("to").map(place).transpose()?;
    let filter: Value = match call.parameter("filter") {
        Some(text) => serde_json::from_str(text)
            .map_err(|_| Refusal::new(400, "M_NOT_JSON", "Filter not JSON"))?,
        None => Value::Null,
    };

    let (mut range, mut next) = room.page(from, backwards, limit.min(1000));
    if let Some(to) = to {
        range = if backwards {
            range.start.max(to)..range.end
        } else {
            range.start..range.end.min(to)
        };
        next = if backwards { range.start } else { range.end };
    }
    let start = from.unwrap_or(if backwards { room.events().len() } else { 0 });
    let mut answer = json!({"start": format!("t{start}"), "chunk": []});
    if range.is_empty() {
        return Ok(answer);
    }
    let events = &room.events()[range];
    let passes = |event: &&TimelineEvent| filter_passes(&filter, event);
    answer["chunk"] = if backwards {
        events
            .iter()
            .rev()
            .filter(passes)
            .map(TimelineEvent::to_json)
            .collect()
    } else {
        events
            .iter()
            .filter(passes)
            .map(TimelineEvent::to_json)
            .collect()
    };
    answer["end"] = format!("t{next}").into();
    Ok(answer)
}

/// `types`, `not_types`, `senders` and `not_senders` of a `RoomEventFilter`.
fn filter_passes(filter: &Value, event: &TimelineEvent) -> bool {
    let among = |name: &str, value: &str| {
        filter[name]
            .as_array()
            .map(|list| list.iter().any(|item| item == value))
    };
    among("types", &event.kind).unwrap_or(true)
        && !among("not_types", &event.kind).unwrap_or(false)
        && among("senders", &event.sender).unwrap_or(true)
        && !among("not_senders", &event.sender).unwrap_or(false)
}

fn receipt(
    world: &mut World,
    user: &str,
    room: &str,
    kind: &str,
    event: &str,
    body: &Value,
) -> Result<Value, Refusal> {
    if !["m.read", "m.read.private", "m.fully_read"].contains(&kind) {
        return Err(Refusal::new(400, "M_INVALID_PARAM", "Unknown receipt type"));
    }
    world.joined_room(room, user)?;
    world.room_mut(room)?.note_receipt(Receipt {
        user: user.to_owned(),
        kind: kind.to_owned(),
        event_id: event.to_owned(),
        thread_id: body["thread_id"].as_str().map(str::to_owned),
    });
    Ok(json!({}))
}

fn read_markers(world: &mut World, user: &str, room: &str, body: &Value) -> Result<Value, Refusal> {
    for kind in ["m.fully_read", "m.read", "m.read.private"] {
        if let Some(event) = body[kind].as_str() {
            receipt(world, user, room, kind, event, &Value::Null)?;
        }
    }
    Ok(json!({}))
}

fn typing(
    world: &mut World,
    user: &str,
    room: &str,
    target: &str,
    body: &Value,
) -> Result<Value, Refusal> {
    if user != target {
        return Err(Refusal::forbidden("Cannot set another user's typing state"));
    }
    world.joined_room(room, user)?;
    let room = world.room_mut(room)?;
    room.typing.retain(|typist| typist != user);
    if body["typing"] == true {
        room.typing.push(user.to_owned());
    }
    Ok(json!({}))
}

/// Stores a file, or the promise of one, under a new `mxc:` address.
pub fn new_media(world: &mut World, media: Option<Media>) -> String {
    let id = world.next_id();
    let uri = format!("mxc://{}/{}", world.config.server_name, &id[..24]);
    let promise = Media {
        uploader: String::new(),
        content_type: String::new(),
        filename: None,
        bytes: None,
    };
    world.media.insert(uri.clone(), media.unwrap_or(promise));
    uri
}

fn upload(world: &mut World, user: &str, call: &Call) -> Result<Value, Refusal> {
    let media = uploaded(world, user, call)?;
    Ok(json!({"content_uri": new_media(world, Some(media))}))
}

fn upload_to(
    world: &mut World,
    user: &str,
    server: &str,
    media: &str,
    call: &Call,
) -> Result<Value, Refusal> {
    let file = uploaded(world, user, call)?;
    match world.media.get_mut(&format!("mxc://{server}/{media}")) {
        None => Err(Refusal::not_found("Unknown media ID")),
        Some(known) if known.bytes.is_some() => {
            let error = "Media ID already has content";
            Err(Refusal::new(409, "M_CANNOT_OVERWRITE_MEDIA", error))
        }
        Some(known) => {
            *known = file;
            Ok(json!({}))
        }
    }
}

fn uploaded(world: &World, user: &str, call: &Call) -> Result<Media, Refusal> {
    if call.body.len() > world.config.max_upload {
        return Err(Refusal::new(
            413,
            "M_TOO_LARGE",
            "Upload request body is too large",
        ));
    }
    let content_type = match call.content_type.as_str() {
        "" => "application/octet-stream",
        given => given,
    };
    Ok(Media {
        uploader: user.to_owned(),
        content_type: content_type.to_owned(),
        filename: call.parameter("filename").map(str::to_owned),
        bytes: Some(Bytes::clone(&call.body)),
    })
}

fn download(world: &World, server: &str, media: &str) -> Result<Answer, Refusal> {
    let file = world.media.get(&format!("mxc://{server}/{media}"));
    let file = file.ok_or_else(|| Refusal::not_found("Not found"))?;
    match &file.bytes {
        None => Err(Refusal::new(
            504,
            "M_NOT_YET_UPLOADED",
            "Media has not been uploaded yet",
        )),
        Some(bytes) => Ok(Answer::File {
            content_type: file.content_type.clone(),
            filename: file.filename.clone(),
            bytes: bytes.clone(),
        }),
    }
}
