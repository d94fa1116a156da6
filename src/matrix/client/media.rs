//! The homeserver's media repository.

use std::time::Duration;

use bytes::Bytes;
use ruma::{
    MxcUri, OwnedMxcUri, UserId,
    api::{
        MatrixVersion,
        client::{authenticated_media, media, media::create_content},
    },
};
use secrecy::ExposeSecret as _;

use super::{Client, Fault, counted, fault::fault, lost, read, unspeakable, version};

/// How long the homeserver may take to begin: it waits up to twenty seconds for another one.
const BEGINNING: Duration = Duration::from_secs(45);
/// How long the homeserver may take for the next piece of a file.
const IDLE: Duration = Duration::from_secs(30);

/// A file on its way from the homeserver.
#[derive(Debug)]
pub struct Download {
    /// As who uploaded it said; may be empty.
    pub content_type: String,
    /// In octets; `None` if the homeserver doesn't say.
    pub length: Option<u64>,
    response: reqwest::Response,
}

impl Download {
    /// The next piece; `None` at the end. A file that ends too early is an error.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Fault> {
        match tokio::time::timeout(IDLE, self.response.chunk()).await {
            Ok(piece) => piece.map_err(|fault| lost(&fault)),
            Err(_) => Err(Fault::Unknown {
                reason: "the homeserver stopped in the middle of the file".to_owned(),
            }),
        }
    }
}

impl Client {
    /// Begins to fetch a file; all of it may take up to `patience`. [`Fault::Refused`]: the
    /// homeserver has no such file, or none for us. It asks other homeservers for theirs.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv1mediadownloadservernamemediaid>
    pub async fn download(
        &self,
        file: &MxcUri,
        patience: Duration,
        user: &UserId,
    ) -> Result<Download, Fault> {
        counted("download", async {
            match self
                .begin_download("client/v1/media", file, patience, user)
                .await
            {
                // A homeserver of before Matrix 1.11. One that has no such file says M_NOT_FOUND.
                Err(Fault::Refused { code, .. }) if code == "M_UNRECOGNIZED" || code.is_empty() => {
                    self.begin_download("media/v3", file, patience, user).await
                }
                other => other,
            }
        })
        .await
    }

    async fn begin_download(
        &self,
        api: &str,
        file: &MxcUri,
        patience: Duration,
        user: &UserId,
    ) -> Result<Download, Fault> {
        let (server, id) = file.parts().map_err(|fault| unspeakable(&fault))?;
        let url = format!("{}/_matrix/{api}/download/{server}/{id}", self.base_url);
        let mut url = url::Url::parse(&url).map_err(|fault| unspeakable(&fault))?;
        url.query_pairs_mut().append_pair("user_id", user.as_str());
        let request = self
            .http
            .get(url)
            .bearer_auth(self.token.expose_secret())
            // Else nobody knows how long it is.
            .header(http::header::ACCEPT_ENCODING, "identity")
            .timeout(patience);
        let response = match tokio::time::timeout(BEGINNING, request.send()).await {
            Ok(response) => response.map_err(|fault| lost(&fault))?,
            Err(_) => {
                return Err(Fault::Unknown {
                    reason: "the homeserver took too long".to_owned(),
                });
            }
        };
        let status = response.status();
        if !status.is_success() {
            let retry_after = super::retry_after(&response);
            return Err(fault(status, &read(response).await?, retry_after));
        }
        let content_type = response.headers().get(http::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        Ok(Download {
            content_type: content_type.unwrap_or_default().to_owned(),
            length: response.content_length(),
            response,
        })
    }

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
