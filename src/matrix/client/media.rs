//! The homeserver's media repository.

use std::time::Duration;

use bytes::Bytes;
use ruma::{
    OwnedMxcUri, UserId,
    api::{
        MatrixVersion,
        client::{authenticated_media, media, media::create_content},
    },
};
use secrecy::ExposeSecret as _;

use super::{Client, Fault, counted, unspeakable, version};

impl Client {
    /// Hands a file over in the name of `user`, who must be registered; its address. One that was
    /// handed over twice stands there twice, and nobody sees that. Takes at most half a minute and
    /// a second for each 256 KiB.
    pub async fn upload(
        &self,
        file: Bytes,
        content_type: &str,
        filename: &str,
        user: &UserId,
    ) -> Result<OwnedMxcUri, Fault> {
        // Not by ruma, which would copy the file.
        let mut url = url::Url::parse(&format!("{}/_matrix/media/v3/upload", self.base_url))
            .map_err(|fault| unspeakable(&fault))?;
        url.query_pairs_mut()
            .append_pair("filename", filename)
            .append_pair("user_id", user.as_str());
        let request = self
            .http
            .post(url)
            .bearer_auth(self.token.expose_secret())
            .header(http::header::CONTENT_TYPE, content_type)
            .timeout(patience(file.len()))
            .body(file)
            .build()
            .map_err(|fault| unspeakable(&fault))?;
        let answer = counted(
            "upload",
            self.exchange::<create_content::v3::Response>(request),
        );
        Ok(answer.await?.content_uri)
    }

    /// The largest file that the homeserver takes, in octets; `None` if it doesn't say.
    pub async fn upload_limit(&self) -> Result<Option<u64>, Fault> {
        let asked = counted("media_config", async {
            let now = version(MatrixVersion::V1_11);
            let request = authenticated_media::get_media_config::v1::Request::new();
            match self.ask(request, None, &now).await {
                // A homeserver of before Matrix 1.11.
                Err(Fault::Refused { .. }) => {
                    #[expect(deprecated, reason = "those have no other")]
                    let request = media::get_media_config::v3::Request::new();
                    let before = self.ask(request, None, &self.versions).await;
                    before.map(|answer| answer.upload_size)
                }
                other => other.map(|answer| answer.upload_size),
            }
        });
        match asked.await {
            Ok(size) => Ok(Some(size.into())),
            Err(Fault::Refused { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

fn patience(size: usize) -> Duration {
    let seconds = u64::try_from(size / (256 * 1024)).unwrap_or(u64::MAX);
    super::PATIENCE.saturating_add(Duration::from_secs(seconds))
}
