//! The endpoints of the client-server API that an appservice uses, by method and path.

/// One endpoint with what stands in its path, decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    Versions,
    WhoAmI,
    Register,
    PutDevice {
        device: &'a str,
    },
    GetProfile {
        user: &'a str,
        field: Option<&'a str>,
    },
    PutProfile {
        user: &'a str,
        field: &'a str,
    },
    /// `POST /account/deactivate`
    Deactivate,
    CreateRoom,
    ResolveAlias {
        alias: &'a str,
    },
    PutAlias {
        alias: &'a str,
    },
    DeleteAlias {
        alias: &'a str,
    },
    Join {
        room: &'a str,
    },
    Leave {
        room: &'a str,
    },
    Invite {
        room: &'a str,
    },
    Kick {
        room: &'a str,
    },
    Ban {
        room: &'a str,
    },
    Send {
        room: &'a str,
        kind: &'a str,
        transaction: &'a str,
    },
    Redact {
        room: &'a str,
        event: &'a str,
        transaction: &'a str,
    },
    PutState {
        room: &'a str,
        kind: &'a str,
        key: &'a str,
    },
    GetState {
        room: &'a str,
        kind: &'a str,
        key: &'a str,
    },
    AllState {
        room: &'a str,
    },
    Members {
        room: &'a str,
    },
    JoinedMembers {
        room: &'a str,
    },
    JoinedRooms,
    Event {
        room: &'a str,
        event: &'a str,
    },
    Messages {
        room: &'a str,
    },
    Receipt {
        room: &'a str,
        kind: &'a str,
        event: &'a str,
    },
    ReadMarkers {
        room: &'a str,
    },
    Typing {
        room: &'a str,
        user: &'a str,
    },
    Ping,
    MediaConfig,
    CreateMedia,
    Upload,
    UploadTo {
        server: &'a str,
        media: &'a str,
    },
    Download {
        server: &'a str,
        media: &'a str,
    },
}

impl<'a> Route<'a> {
    /// `path` is the decoded path in segments, from the one after `_matrix` on.
    pub fn parse(method: &str, path: &'a [&'a str]) -> Option<Self> {
        let [area, _version, path @ ..] = path else {
            return None;
        };
        match (*area, path) {
            ("client", ["rooms", room, path @ ..]) => Self::parse_in_room(method, room, path),
            ("client", ["media", path @ ..]) | ("media", path) => Self::parse_media(method, path),
            ("client", path) => Self::parse_client(method, path),
            _ => None,
        }
    }

    fn parse_client(method: &str, path: &'a [&'a str]) -> Option<Self> {
        Some(match (method, path) {
            // `/_matrix/client/versions` has no version: it stands in its place.
            ("GET", []) => Self::Versions,
            ("GET", ["account", "whoami"]) => Self::WhoAmI,
            ("POST", ["register"]) => Self::Register,
            ("PUT", ["devices", device]) => Self::PutDevice { device },
            ("GET", ["profile", user]) => Self::GetProfile { user, field: None },
            ("GET", ["profile", user, field]) => Self::GetProfile {
                user,
                field: Some(field),
            },
            ("PUT", ["profile", user, field]) => Self::PutProfile { user, field },
            ("POST", ["account", "deactivate"]) => Self::Deactivate,
            ("POST", ["createRoom"]) => Self::CreateRoom,
            ("GET", ["directory", "room", alias]) => Self::ResolveAlias { alias },
            ("PUT", ["directory", "room", alias]) => Self::PutAlias { alias },
            ("DELETE", ["directory", "room", alias]) => Self::DeleteAlias { alias },
            ("POST", ["join", room]) => Self::Join { room },
            ("GET", ["joined_rooms"]) => Self::JoinedRooms,
            ("POST", ["appservice", _, "ping"]) => Self::Ping,
            _ => return None,
        })
    }

    fn parse_in_room(method: &str, room: &'a str, path: &'a [&'a str]) -> Option<Self> {
        Some(match (method, path) {
            ("POST", ["join"]) => Self::Join { room },
            ("POST", ["leave"]) => Self::Leave { room },
            ("POST", ["invite"]) => Self::Invite { room },
            ("POST", ["kick"]) => Self::Kick { room },
            ("POST", ["ban"]) => Self::Ban { room },
            ("PUT", ["send", kind, transaction]) => Self::Send {
                room,
                kind,
                transaction,
            },
            ("PUT", ["redact", event, transaction]) => Self::Redact {
                room,
                event,
                transaction,
            },
            ("PUT", ["state", kind]) => Self::PutState {
                room,
                kind,
                key: "",
            },
            ("PUT", ["state", kind, key]) => Self::PutState { room, kind, key },
            ("GET", ["state"]) => Self::AllState { room },
            ("GET", ["state", kind]) => Self::GetState {
                room,
                kind,
                key: "",
            },
            ("GET", ["state", kind, key]) => Self::GetState { room, kind, key },
            ("GET", ["members"]) => Self::Members { room },
            ("GET", ["joined_members"]) => Self::JoinedMembers { room },
            ("GET", ["event", event]) => Self::Event { room, event },
            ("GET", ["messages"]) => Self::Messages { room },
            ("POST", ["receipt", kind, event]) => Self::Receipt { room, kind, event },
            ("POST", ["read_markers"]) => Self::ReadMarkers { room },
            ("PUT", ["typing", user]) => Self::Typing { room, user },
            _ => return None,
        })
    }

    fn parse_media(method: &str, path: &'a [&'a str]) -> Option<Self> {
        Some(match (method, path) {
            ("GET", ["config"]) => Self::MediaConfig,
            ("POST", ["create"]) => Self::CreateMedia,
            ("POST", ["upload"]) => Self::Upload,
            ("PUT", ["upload", server, media]) => Self::UploadTo { server, media },
            ("GET", ["download", server, media] | ["download", server, media, _]) => {
                Self::Download { server, media }
            }
            _ => return None,
        })
    }

    /// The name that faults and counters know this endpoint by.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Versions => "versions",
            Self::WhoAmI => "whoami",
            Self::Register => "register",
            Self::PutDevice { .. } => "device",
            Self::GetProfile { .. } => "get_profile",
            Self::PutProfile { .. } => "profile",
            Self::Deactivate => "deactivate",
            Self::CreateRoom => "create_room",
            Self::ResolveAlias { .. } => "alias",
            Self::PutAlias { .. } => "put_alias",
            Self::DeleteAlias { .. } => "delete_alias",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Invite { .. } => "invite",
            Self::Kick { .. } => "kick",
            Self::Ban { .. } => "ban",
            Self::Send { .. } => "send",
            Self::Redact { .. } => "redact",
            Self::PutState { .. } => "state",
            Self::GetState { .. } => "get_state",
            Self::AllState { .. } => "all_state",
            Self::Members { .. } => "members",
            Self::JoinedMembers { .. } => "joined_members",
            Self::JoinedRooms => "joined_rooms",
            Self::Event { .. } => "event",
            Self::Messages { .. } => "messages",
            Self::Receipt { .. } => "receipt",
            Self::ReadMarkers { .. } => "read_markers",
            Self::Typing { .. } => "typing",
            Self::Ping => "ping",
            Self::MediaConfig => "media_config",
            Self::CreateMedia => "create_media",
            Self::Upload | Self::UploadTo { .. } => "upload",
            Self::Download { .. } => "download",
        }
    }

    /// Whether an empty body stands for `{}`.
    pub fn allows_empty_body(&self) -> bool {
        matches!(
            self,
            Self::Join { .. }
                | Self::Leave { .. }
                | Self::Receipt { .. }
                | Self::DeleteAlias { .. }
                | Self::Ping
        )
    }
}
