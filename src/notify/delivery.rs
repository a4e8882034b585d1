//! Takes parcels out of the outbox, one by one, and has them carried.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tracing::{Instrument as _, debug_span};

use crate::ports::{Carrier, Clock, EdgeError, Outbox, ParcelFate, Posted};

/// Longer than a weekend, so that a mail server that died on Friday is told of on Monday.
const LONGEST: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The waits before the next tries; the last of them repeats.
const WAITS: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(4),
];

/// Sends whatever is due, until it is asked to stop. A parcel that does not arrive is tried again later and holds up no
/// other.
pub async fn deliver(
    outbox: &impl Outbox,
    carriers: &[Arc<dyn Carrier>],
    clock: &dyn Clock,
    is_asked_to_stop: impl Fn() -> bool,
) -> Result<(), EdgeError> {
    while !is_asked_to_stop()
        && let Some(posted) = outbox.take(clock.now()).await?
    {
        let channel = &*posted.parcel.channel;
        let carrier = carriers.iter().find(|carrier| carrier.channel() == channel);
        let carried = match carrier {
            Some(carrier) => {
                let carrying = carrier.carry(&posted.parcel);
                carrying
                    .instrument(debug_span!("notice", channel))
                    .await
                    .map_err(|error| (error.because, error.again))
            }
            None => Err((format!("`{channel}` is no longer configured"), false)),
        };
        let now = clock.now();
        let fate = match carried {
            Ok(()) => ParcelFate::Carried,
            Err((because, again)) => {
                let fate = if again { next_try(&posted, now) } else { ParcelFate::GivenUp };
                tracing::warn!(channel, notice = posted.parcel.key, because, fate = ?fate, "a notice was not delivered");
                fate
            }
        };
        outbox.settle(&posted, fate, now).await?;
    }
    Ok(())
}

fn next_try(posted: &Posted, now: Timestamp) -> ParcelFate {
    let wait = WAITS[(posted.attempts as usize).min(WAITS.len() - 1)];
    match now.checked_add(wait) {
        Ok(at) if at.duration_since(posted.posted_at) <= LONGEST => ParcelFate::Again { at },
        Ok(_) | Err(_) => ParcelFate::GivenUp,
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use crate::model::notice::Parcel;
    use crate::notify::delivery::next_try;
    use crate::ports::{ParcelFate, Posted};

    fn posted(attempts: u32) -> Posted {
        let parcel = Parcel { key: String::new(), channel: "mail".into(), body: String::new() };
        Posted { id: 1, parcel, posted_at: Timestamp::UNIX_EPOCH, attempts }
    }

    #[test]
    fn tries_become_rarer_and_end_after_three_days() {
        let (mut now, mut waits) = (Timestamp::UNIX_EPOCH, Vec::new());
        while let ParcelFate::Again { at } = next_try(&posted(u32::try_from(waits.len()).unwrap()), now) {
            waits.push(at.duration_since(now).as_mins());
            now = at;
        }
        assert_eq!(waits[..6], [1, 5, 15, 60, 240, 240]);
        assert!(now.duration_since(Timestamp::UNIX_EPOCH) > SignedDuration::from_hours(66));
        assert!(now.duration_since(Timestamp::UNIX_EPOCH) <= SignedDuration::from_hours(72));
    }
}
