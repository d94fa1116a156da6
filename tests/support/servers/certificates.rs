//! A small certificate authority and one server certificate for loopback.
//!
//! Two certificates, because a server that shows a self-signed one made by `openssl req -x509`
//! shows a CA's, which rustls and mail programs refuse.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::folder::Folder;

/// Paths of PEM files.
#[derive(Debug)]
pub struct Certificates {
    /// What clients have to trust.
    pub authority: PathBuf,
    /// The server's certificate, valid for 127.0.0.1, localhost and the given host name.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Makes them in `tls` in the folder; elliptic curves, because making an RSA key takes longer
/// than starting the servers.
pub fn create(host: &str, folder: &Folder) -> Result<Certificates> {
    let place = folder.create_dir("tls")?;
    folder.write(
        "tls/leaf.ext",
        format!(
            "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n\
             subjectAltName=DNS:{host},DNS:localhost,IP:127.0.0.1\n"
        ),
    )?;
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(
        &format!(
            "req -x509 {new_key} -days 30 -subj /CN=Postroom-loopback -keyout ca.key -out ca.pem"
        ),
        &place,
    )?;
    openssl(
        &format!("req {new_key} -subj /CN={host} -keyout key.pem -out leaf.csr"),
        &place,
    )?;
    openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
         -extfile leaf.ext -out leaf.pem",
        &place,
    )?;
    Ok(Certificates {
        authority: place.join("ca.pem"),
        certificate: place.join("leaf.pem"),
        key: place.join("key.pem"),
    })
}

fn openssl(arguments: &str, place: &Path) -> Result<()> {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(place)
        .output()
        .context("running openssl")?;
    ensure!(
        output.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
