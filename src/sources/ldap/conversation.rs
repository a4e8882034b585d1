//! What is said before the searches, one request and one answer at a time: StartTLS and the bind. Every answer is vetted
//! before it is decoded.

use ldap3::LdapResult;
use ldap3::controls::Control;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::sources::ldap::error::Trouble;
use crate::sources::ldap::request::tlv;
use crate::sources::ldap::vetting::{BIND, EXTENDED, vet};
use crate::sources::ldap::wire::{self, Decoded, constructed, primitive, text};

const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// `passwordPolicyRequest` (draft-behera-ldap-password-policy-10, section 6.1).
pub const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// What bytes go over: TCP, TLS, a Unix socket, Kerberos.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection over which no search goes yet.
pub struct Conversation {
    stream: Box<dyn Stream>,
    received: Vec<u8>,
    last_id: u8,
}

/// The answer to a bind.
pub struct Bound {
    pub result: LdapResult,
    /// What SASL says to the client.
    pub credentials: Option<Vec<u8>>,
}

impl Conversation {
    pub fn over(stream: impl Stream + 'static) -> Conversation {
        Conversation { stream: Box::new(stream), received: Vec::new(), last_id: 0 }
    }

    /// Asks for StartTLS (RFC 4511, section 4.14); after success, TLS is spoken on what [`Self::into_stream`] gives.
    pub async fn start_tls(&mut self) -> Result<LdapResult, Trouble> {
        let request = tlv(0x77, &tlv(0x80, START_TLS));
        Ok(self.ask(&request, EXTENDED).await?.result)
    }

    /// A simple bind, which asks what the password policy has to say besides.
    pub async fn bind_simply(&mut self, dn: &str, password: &str) -> Result<Bound, Trouble> {
        let parts = [tlv(2, &[3]), tlv(4, dn.as_bytes()), tlv(0x80, password.as_bytes())];
        self.ask(&tlv(0x60, &parts.concat()), BIND).await
    }

    /// One step of a bind by SASL (RFC 4511, section 4.2).
    pub async fn bind_by(&mut self, mechanism: &str, credentials: Option<&[u8]>) -> Result<Bound, Trouble> {
        let credentials = credentials.map(|credentials| tlv(4, credentials)).unwrap_or_default();
        let method = tlv(0xA3, &[tlv(4, mechanism.as_bytes()).as_slice(), &credentials].concat());
        self.ask(&tlv(0x60, &[tlv(2, &[3]), tlv(4, b""), method].concat()), BIND).await
    }

    /// The stream below, to put something on top of it. What had been received and not asked for would be taken for
    /// protected (as in CVE-2011-0411), and so is an error.
    pub fn into_stream(self) -> Result<Box<dyn Stream>, Trouble> {
        if self.received.is_empty() { Ok(self.stream) } else { Err(Trouble::Unasked) }
    }

    async fn ask(&mut self, operation: &[u8], answer: u8) -> Result<Bound, Trouble> {
        self.last_id += 1;
        let mut parts = Zeroizing::new([&tlv(2, &[self.last_id]), operation].concat());
        if answer == BIND {
            parts.extend(tlv(0xA0, &tlv(0x30, &tlv(4, PASSWORD_POLICY.as_bytes()))));
        }
        let request = Zeroizing::new(tlv(0x30, &parts));
        self.stream.write_all(&request).await.map_err(Trouble::Io)?;
        self.stream.flush().await.map_err(Trouble::Io)?;
        loop {
            if let Some(message) = vet(&self.received).map_err(Trouble::Fault)? {
                let bytes: Vec<u8> = self.received.drain(..message.length).collect();
                let bound = decode(&bytes).ok_or(Trouble::Unasked)?;
                if message.id == 0 && message.operation == EXTENDED {
                    return Err(Trouble::Dismissed(bound.result));
                }
                if message.id != u32::from(self.last_id) || message.operation != answer {
                    return Err(Trouble::Unasked);
                }
                return Ok(bound);
            }
            if self.stream.read_buf(&mut self.received).await.map_err(Trouble::Io)? == 0 {
                return Err(Trouble::Closed);
            }
        }
    }
}

/// The result in a vetted message that holds one: at the end of a search, or unasked for to say that the server hangs up
/// (RFC 4511, section 4.4.1).
pub fn result(message: &[u8]) -> Option<LdapResult> {
    Some(decode(message)?.result)
}

/// A vetted message that holds an `LDAPResult`.
fn decode(message: &[u8]) -> Option<Bound> {
    let Decoded { operation, controls } = wire::message(message)?;
    let mut result = constructed(operation)?.into_iter();
    let code = primitive(result.next()?)?.iter().fold(0, |code, &byte| (code << 8) | u32::from(byte));
    let matched = text(result.next()?)?;
    let said = text(result.next()?)?;
    let credentials = result.find(|part| part.id == 7).and_then(primitive);
    let ctrls = controls.into_iter().map(|control| Control(None, control)).collect();
    Some(Bound { result: LdapResult { rc: code, matched, text: said, refs: Vec::new(), ctrls }, credentials })
}
