//! How reading from a socket fails. The library's type of errors is not ours to name, as it comes with axum's; how they begin is, and a test
//! holds them to it.

/// Why nothing more can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The other side is there no longer, without a goodbye.
    Gone,
    /// A message is longer than it may be.
    TooLong,
    /// Text is no UTF-8.
    NotText,
    /// What came is no WebSocket.
    Malformed,
}

impl Broken {
    /// Of an error of the library. Whatever is not a fault of what came is the line's.
    pub fn of(error: &axum::Error) -> Broken {
        const SIGNS: [(&str, Broken); 5] = [
            ("Space limit exceeded", Broken::TooLong),
            ("UTF-8 encoding error", Broken::NotText),
            // The library counts it among the faults of the protocol.
            ("WebSocket protocol error: Connection reset without closing handshake", Broken::Gone),
            ("WebSocket protocol error", Broken::Malformed),
            ("Attack attempt detected", Broken::Malformed),
        ];
        let text = error.to_string();
        SIGNS.into_iter().find(|(sign, _)| text.starts_with(sign)).map_or(Broken::Gone, |(_, broken)| broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error as IoError, ErrorKind};
    use tokio_tungstenite::tungstenite::Error;
    use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};

    #[test]
    fn faults_of_the_protocol_are_told_from_a_line_that_broke() {
        for (error, expected) in [
            (Error::Io(IoError::from(ErrorKind::ConnectionReset)), Broken::Gone),
            (Error::Io(IoError::from(ErrorKind::UnexpectedEof)), Broken::Gone),
            (Error::Protocol(ProtocolError::ResetWithoutClosingHandshake), Broken::Gone),
            (Error::AlreadyClosed, Broken::Gone),
            (Error::Protocol(ProtocolError::UnmaskedFrameFromClient), Broken::Malformed),
            (Error::Protocol(ProtocolError::InvalidOpcode(3)), Broken::Malformed),
            (Error::AttackAttempt, Broken::Malformed),
            (Error::Utf8("invalid utf-8".into()), Broken::NotText),
            (Error::Capacity(CapacityError::MessageTooLong { size: 2, max_size: 1 }), Broken::TooLong),
        ] {
            let text = error.to_string();
            assert_eq!(Broken::of(&axum::Error::new(error)), expected, "{text}");
        }
    }
}
