//! TLS with a self-signed certificate that the server makes at its start.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Makes a self-signed certificate for loopback, and writes it to the file that agents and clients read.
///
/// # Errors
///
/// The file cannot be written.
pub(super) fn acceptor(path: &Path) -> Result<TlsAcceptor, Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    fs::write(path, made.cert.pem()).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
