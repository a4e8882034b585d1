//! GitLab's version, as far as it decides what may be asked.

use std::fmt;

/// `18.9.0-ee`, as `GET /metadata` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: Box<str>,
    /// (0, 0) where the text is not understood: then only what every version knows is used.
    release: (u32, u32),
}

impl Version {
    pub fn new(text: &str) -> Version {
        let mut numbers = text.split(['.', '-']).map(str::parse::<u32>);
        let release = match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
            (Some(_) | None, Some(_) | None) => (0, 0),
        };
        Version { text: text.into(), release }
    }

    /// How many accounts one bulk mutation may name: 100 since 17.6 (merge request 170150), 50 before.
    pub fn batch_size(&self) -> usize {
        if self.release >= (17, 6) { 100 } else { 50 }
    }

    /// `lastDuoActivityOn` was added in 17.9 (merge request 179704).
    pub fn tells_duo_activity(&self) -> bool {
        self.release >= (17, 9)
    }

    /// Holders can be listed on their own since 17.5; without that there is nothing to plan from.
    pub fn lists_holders(&self) -> bool {
        self.release >= (17, 5)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use crate::gitlab::version::Version;

    #[test]
    fn batches_hold_fifty_before_17_6_and_a_hundred_since() {
        assert_eq!(Version::new("17.5.4-ee").batch_size(), 50);
        assert_eq!(Version::new("17.6.0-ee").batch_size(), 100);
        assert_eq!(Version::new("18.0.1").batch_size(), 100);
    }

    #[test]
    fn activity_is_asked_since_17_9() {
        assert!(!Version::new("17.8.9-ee").tells_duo_activity());
        assert!(Version::new("17.10.0-pre").tells_duo_activity());
        assert!(Version::new("18.9-ee").tells_duo_activity());
    }

    #[test]
    fn a_version_that_is_not_understood_gets_what_all_understand() {
        let version = Version::new("next");
        assert_eq!((version.batch_size(), version.tells_duo_activity()), (50, false));
        assert_eq!(version.to_string(), "next");
    }
}
