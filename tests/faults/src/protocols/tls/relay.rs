//! A relay between two sides that damages what it forwards.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::TcpStream;

use crate::loopback::pair;

/// Flips one bit in the next record of the far side.
#[derive(Clone, Default)]
pub(super) struct Damage(Arc<AtomicBool>);

impl Damage {
    pub(super) fn next(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The near and the far socket, and the handle that damages the direction from far to near.
pub(super) async fn relayed() -> io::Result<(TcpStream, TcpStream, Damage)> {
    let ((near, near_inner), (far, far_inner)) = (pair().await?, pair().await?);
    let damage = Damage::default();
    tokio::spawn(relay(near_inner, far_inner, damage.clone()));
    Ok((near, far, damage))
}

async fn relay(near: TcpStream, far: TcpStream, damage: Damage) -> io::Result<()> {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let back = async {
        let mut buffer = [0; 1 << 14];
        loop {
            let length = from_far.read(&mut buffer).await?;
            if length == 0 {
                return to_near.shutdown().await;
            }
            if damage.0.swap(false, Ordering::SeqCst) {
                // The last byte belongs to the authentication tag of a record.
                buffer[length - 1] ^= 1;
            }
            to_near.write_all(&buffer[..length]).await?;
        }
    };
    let forth = async {
        copy(&mut from_near, &mut to_far).await?;
        to_far.shutdown().await
    };
    tokio::try_join!(back, forth).map(drop)
}
