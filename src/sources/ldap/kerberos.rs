//! Binds by Kerberos (SASL GSSAPI, RFC 4752), and the encryption that comes with it where there is no TLS.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use cross_krb5::{ClientCtx, InitiateFlags, K5Ctx as _, PendingClientCtx, Step};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};

use crate::sources::ldap::conversation::{Bound, Conversation, Stream};
use crate::sources::ldap::error::Trouble;
use crate::sources::ldap::refusal::judge;

const MECHANISM: &str = "GSSAPI";

/// The result code that asks for the next step (RFC 4511, appendix A.1).
const IN_PROGRESS: u32 = 14;

/// Security layers of RFC 4752, section 3.3.
const NO_LAYER: u8 = 1;
const CONFIDENTIALITY: u8 = 4;

/// The longest frame that we take: as long as its three bytes can say.
const LONGEST_FRAME: usize = 0x00FF_FFFF;

/// How much is wrapped at a time, and how much longer that may make it.
const CHUNK: usize = 64 << 10;
const OVERHEAD: usize = 1 << 10;

/// Whom to bind to, and over what.
pub struct Target {
    /// The host that the server's service principal `ldap/HOST` names.
    pub host: String,
    /// Ours; unset: the first that there is a ticket or a key for.
    pub principal: Option<String>,
    /// Whether the connection is private already. Active Directory then refuses a layer of Kerberos besides.
    pub is_private: bool,
    /// What ties the bind to this TLS connection (RFC 5929, section 4).
    pub channel: Option<Vec<u8>>,
}

/// Binds; without TLS, what follows is encrypted by Kerberos.
pub async fn bind(mut conversation: Conversation, target: Target) -> Result<Conversation, Trouble> {
    let Target { host, principal, is_private, channel } = target;
    let (mut pending, mut token) =
        aside(move || begin(&host, principal.as_deref(), channel.as_deref())).await?;
    let mut context = loop {
        let answer = step(&mut conversation, Some(&token)).await?;
        match aside(move || go_on(pending, &answer)).await? {
            (Progress::Pending(next), next_token) => {
                (pending, token) = (next, next_token.unwrap_or_default())
            }
            (Progress::Done(context), last) => {
                token = step(&mut conversation, last.as_deref()).await?;
                break context;
            }
        }
    };
    let offer = context.unwrap(&token).map_err(|error| Trouble::Kerberos(format!("{error:#}")))?;
    let [offered, sizes @ ..] = <[u8; 4]>::try_from(&*offer).map_err(|_| Trouble::Unasked)?;
    let layer = if is_private { NO_LAYER } else { CONFIDENTIALITY };
    if offered & layer == 0 {
        let wants = if is_private { "its own encryption inside of TLS" } else { "no encryption" };
        return Err(Trouble::Kerberos(format!("the server offers {wants}")));
    }
    let size = if is_private { [0; 3] } else { [0xFF; 3] };
    let choice = context.wrap(false, &[layer, size[0], size[1], size[2]]);
    let choice = choice.map_err(|error| Trouble::Kerberos(format!("{error:#}")))?;
    let Bound { result, .. } = conversation.bind_by(MECHANISM, Some(&choice)).await?;
    judge(&result).map_err(|hint| Trouble::NoBind(result, hint))?;
    if is_private {
        return Ok(conversation);
    }
    let their_longest = sizes.iter().fold(0, |size, &byte| (size << 8) | usize::from(byte));
    Ok(Conversation::over(sealed(conversation.into_stream()?, context, their_longest)))
}

/// Kerberos reads files and asks other servers, and does not give way meanwhile.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(error.to_string())).map_err(Trouble::Kerberos)
}

fn begin(
    host: &str,
    principal: Option<&str>,
    channel: Option<&[u8]>,
) -> Result<(PendingClientCtx, Vec<u8>), String> {
    let begun = ClientCtx::new(InitiateFlags::empty(), principal, &format!("ldap/{host}"), channel);
    let (pending, token) = begun.map_err(|error| format!("{error:#}"))?;
    Ok((pending, token.to_vec()))
}

enum Progress {
    Pending(PendingClientCtx),
    Done(ClientCtx),
}

fn go_on(pending: PendingClientCtx, answer: &[u8]) -> Result<(Progress, Option<Vec<u8>>), String> {
    Ok(match pending.step(answer).map_err(|error| format!("{error:#}"))? {
        Step::Finished((context, token)) => (Progress::Done(context), token.map(|token| token.to_vec())),
        Step::Continue((pending, token)) => (Progress::Pending(pending), Some(token.to_vec())),
    })
}

async fn step(conversation: &mut Conversation, token: Option<&[u8]>) -> Result<Vec<u8>, Trouble> {
    let Bound { result, credentials } = conversation.bind_by(MECHANISM, token).await?;
    if result.rc == IN_PROGRESS {
        return credentials.ok_or(Trouble::Unasked);
    }
    judge(&result).map_err(|hint| Trouble::NoBind(result, hint))?;
    // It would be bound before it has proven who it is.
    Err(Trouble::Unasked)
}

/// What is written is wrapped in frames, what is read comes out of them (RFC 4422, section 3.7). A message may span
/// frames, and a frame hold several.
fn sealed(below: Box<dyn Stream>, context: ClientCtx, their_longest: usize) -> DuplexStream {
    let (above, ours) = tokio::io::duplex(4 * CHUNK);
    let context = Arc::new(Mutex::new(context));
    let chunk = their_longest.saturating_sub(OVERHEAD).clamp(1, CHUNK);
    tokio::spawn(async move {
        let (from_server, to_server) = tokio::io::split(below);
        let (from_client, to_client) = tokio::io::split(ours);
        // When one direction ends, the connection does: whoever waits for an answer sees that.
        tokio::select! {
            ended = unseal(from_server, to_client, &context) => drop(ended),
            ended = seal(from_client, to_server, &context, chunk) => drop(ended),
        }
    });
    above
}

async fn unseal(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    context: &Mutex<ClientCtx>,
) -> io::Result<()> {
    let mut frame = Vec::new();
    loop {
        let length = from.read_u32().await? as usize;
        if length > LONGEST_FRAME {
            return Err(io::ErrorKind::InvalidData.into());
        }
        frame.clear();
        // It grows as the frame arrives, and not by what its head promises.
        (&mut from).take(length as u64).read_to_end(&mut frame).await?;
        let opened = context.lock().unwrap_or_else(PoisonError::into_inner).unwrap(&frame);
        to.write_all(&opened.map_err(io::Error::other)?).await?;
    }
}

async fn seal(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    context: &Mutex<ClientCtx>,
    chunk: usize,
) -> io::Result<()> {
    let mut plain = vec![0; chunk];
    loop {
        let read = from.read(&mut plain).await?;
        if read == 0 {
            return Ok(());
        }
        let wrapped = context.lock().unwrap_or_else(PoisonError::into_inner).wrap(true, &plain[..read]);
        let wrapped = wrapped.map_err(io::Error::other)?.to_vec();
        let length = u32::try_from(wrapped.len()).map_err(io::Error::other)?;
        to.write_all(&[&length.to_be_bytes()[..], &wrapped].concat()).await?;
        to.flush().await?;
    }
}
