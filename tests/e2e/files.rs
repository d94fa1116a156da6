//! Files in the media repository of the real homeserver, both ways.

use std::time::Duration;

use anyhow::Result;
use postroom::matrix::client::{Client, Fault};
use serde_json::json;

use crate::stage::Stage;
use crate::support::servers::postroom::BOT;

/// What a ghost uploads in its own name everybody in the room can load.
#[tokio::test(flavor = "multi_thread")]
async fn a_ghost_uploads_a_file_that_staff_can_load() -> Result<()> {
    // The program does so at its start.
    let _there_already = rustls::crypto::ring::default_provider().install_default();
    let stage = Stage::set("0s").await?;
    let room = stage.room("Site visit").await?;
    let ghost = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    let (token, _) = stage.postroom.tokens();
    let client = Client::new(&stage.synapse.url().parse()?, token.to_owned().into())?;
    let ghost = ruma::OwnedUserId::try_from(ghost)?;

    assert_eq!(client.upload_limit().await?, Some(50 * 1024 * 1024));
    let plan = b"%PDF-1.7\nnothing much".as_slice();
    let url = client
        .upload(plan.into(), "application/pdf", "Pläne & Maße.pdf", &ghost)
        .await?;
    let content = json!({
        "msgtype": "m.file", "body": "plan.pdf", "filename": "plan.pdf", "url": url,
        "info": {"mimetype": "application/pdf", "size": plan.len()},
    });
    let room = room.as_str().try_into()?;
    let kind = "m.room.message";
    client
        .send(kind, &content, &room, &ghost, "t1".into())
        .await?;
    assert_eq!(stage.ann.download(url.as_str()).await?, plan);

    let bot = ruma::OwnedUserId::try_from(BOT)?;
    let mut download = client.download(&url, Duration::from_secs(20), &bot).await?;
    assert_eq!(download.length, Some(plan.len() as u64));
    assert_eq!(download.content_type, "application/pdf");
    let mut found = Vec::new();
    while let Some(piece) = download.piece().await? {
        found.extend_from_slice(&piece);
    }
    assert_eq!(found, plan);
    let (server, _) = url.parts()?;
    let gone = ruma::OwnedMxcUri::from(format!("mxc://{server}/NoSuchFileHere"));
    let refused = client.download(&gone, Duration::from_secs(20), &bot).await;
    assert!(
        matches!(&refused, Err(Fault::Refused { code, .. }) if code == "M_NOT_FOUND"),
        "{refused:?}"
    );

    let too_large = vec![0; 50 * 1024 * 1024 + 1];
    let refused = client
        .upload(too_large.into(), "application/pdf", "a.pdf", &ghost)
        .await;
    // It hangs up on a file that says that it is too large: so the limit is asked for first.
    assert!(matches!(refused, Err(Fault::Unknown { .. })), "{refused:?}");
    Ok(())
}
