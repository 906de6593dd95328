//! A QUIC endpoint with real TLS that violates the protocol on command.
//!
//! No library lets its user send an invalid frame. A packet key can do that: it sees every packet just before
//! encryption and can insert any frame at its start. The frame then arrives authenticated, as from a peer with a bug.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::BytesMut;
use quinn::crypto::{
    ClientConfig, CryptoError, ExportKeyingMaterialError, KeyPair, Keys, PacketKey, ServerConfig, Session,
    UnsupportedVersion,
};
use quinn::{ConnectionId, Side};
use quinn_proto::transport_parameters::TransportParameters;
use quinn_proto::{ConnectError, TransportError};

/// A frame that the receiver must reject.
#[derive(Clone, Copy, Debug)]
pub(super) enum BadFrame {
    /// An unregistered type: `FRAME_ENCODING_ERROR`.
    UnknownType,
    /// An empty `NEW_TOKEN`, which only a server may send: `FRAME_ENCODING_ERROR` or `PROTOCOL_VIOLATION`.
    ForbiddenToken,
    /// Data on a stream far above the limit: `STREAM_LIMIT_ERROR`.
    StreamAboveLimit,
}

impl BadFrame {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::UnknownType => &[0x21],
            Self::ForbiddenToken => &[0x07, 0x01, 0xff],
            // STREAM with a length, on the highest unidirectional stream of a client, with one byte of data.
            Self::StreamAboveLimit => &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf2, 0x01, 0x00],
        }
    }
}

/// The frame to insert, once, into the next packet.
#[derive(Clone, Debug, Default)]
pub(super) struct Trigger(Arc<AtomicUsize>);

impl Trigger {
    /// Inserts the frame into the next packet that has room for it.
    pub(super) fn pull(&self, frame: BadFrame) {
        self.0.store(frame as usize + 1, Ordering::SeqCst);
    }

    fn take(&self) -> Option<BadFrame> {
        match self.0.swap(0, Ordering::SeqCst) {
            1 => Some(BadFrame::UnknownType),
            2 => Some(BadFrame::ForbiddenToken),
            3 => Some(BadFrame::StreamAboveLimit),
            _ => None,
        }
    }
}

/// A TLS configuration, session or key with a trigger.
pub(super) struct Violator<T: ?Sized> {
    pub(super) trigger: Trigger,
    pub(super) inner: T,
}

type Wrapped<T> = Violator<Arc<T>>;

impl ClientConfig for Wrapped<dyn ClientConfig> {
    fn start_session(
        self: Arc<Self>,
        version: u32,
        server_name: &str,
        params: &TransportParameters,
    ) -> Result<Box<dyn Session>, ConnectError> {
        let inner = self.inner.clone().start_session(version, server_name, params)?;
        Ok(Box::new(Violator { trigger: self.trigger.clone(), inner }))
    }
}

impl ServerConfig for Wrapped<dyn ServerConfig> {
    fn initial_keys(&self, version: u32, dst_cid: &ConnectionId) -> Result<Keys, UnsupportedVersion> {
        self.inner.initial_keys(version, dst_cid)
    }

    fn retry_tag(&self, version: u32, orig_dst_cid: &ConnectionId, packet: &[u8]) -> [u8; 16] {
        self.inner.retry_tag(version, orig_dst_cid, packet)
    }

    fn start_session(self: Arc<Self>, version: u32, params: &TransportParameters) -> Box<dyn Session> {
        let inner = self.inner.clone().start_session(version, params);
        Box::new(Violator { trigger: self.trigger.clone(), inner })
    }
}

impl Session for Violator<Box<dyn Session>> {
    fn initial_keys(&self, dst_cid: &ConnectionId, side: Side) -> Keys {
        self.inner.initial_keys(dst_cid, side)
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        self.inner.handshake_data()
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        self.inner.peer_identity()
    }

    fn early_crypto(&self) -> Option<(Box<dyn quinn::crypto::HeaderKey>, Box<dyn PacketKey>)> {
        self.inner.early_crypto()
    }

    fn early_data_accepted(&self) -> Option<bool> {
        self.inner.early_data_accepted()
    }

    fn is_handshaking(&self) -> bool {
        self.inner.is_handshaking()
    }

    fn read_handshake(&mut self, buf: &[u8]) -> Result<bool, TransportError> {
        self.inner.read_handshake(buf)
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        self.inner.transport_parameters()
    }

    fn write_handshake(&mut self, buf: &mut Vec<u8>) -> Option<Keys> {
        let Keys { header, packet: KeyPair { local, remote } } = self.inner.write_handshake(buf)?;
        let local = Box::new(Violator { trigger: self.trigger.clone(), inner: local });
        Some(Keys { header, packet: KeyPair { local, remote } })
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        self.inner.next_1rtt_keys()
    }

    fn is_valid_retry(&self, orig_dst_cid: &ConnectionId, header: &[u8], payload: &[u8]) -> bool {
        self.inner.is_valid_retry(orig_dst_cid, header, payload)
    }

    fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        self.inner.export_keying_material(output, label, context)
    }
}

impl PacketKey for Violator<Box<dyn PacketKey>> {
    fn encrypt(&self, packet: u64, buf: &mut [u8], header_len: usize) {
        let room = buf.len() - self.inner.tag_len();
        if let Some(frame) = self.trigger.take() {
            let bytes = frame.bytes();
            // A packet that is too short would lose its tag. The next one is used.
            if header_len + bytes.len() <= room {
                buf[header_len..header_len + bytes.len()].copy_from_slice(bytes);
            } else {
                self.trigger.pull(frame);
            }
        }
        self.inner.encrypt(packet, buf, header_len);
    }

    fn decrypt(&self, packet: u64, header: &[u8], payload: &mut BytesMut) -> Result<(), CryptoError> {
        self.inner.decrypt(packet, header, payload)
    }

    fn tag_len(&self) -> usize {
        self.inner.tag_len()
    }

    fn confidentiality_limit(&self) -> u64 {
        self.inner.confidentiality_limit()
    }

    fn integrity_limit(&self) -> u64 {
        self.inner.integrity_limit()
    }
}
