//! Durations as people write them: `30s`, `15m`, `12h`, `7d`, `2w`.

use jiff::SignedDuration;

/// Reads one number and one unit. `None` where the text is anything else, or longer than time itself.
pub fn parse(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().last()?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let amount: i64 = digits.parse().ok()?;
    // A time of jiff plus a duration must stay a time, so nothing beyond a thousand years is taken.
    let total = amount.checked_mul(seconds).filter(|total| *total <= 1000 * 366 * 24 * 60 * 60)?;
    Some(SignedDuration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::app::config::duration::parse;

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!(parse("30s"), Some(SignedDuration::from_secs(30)));
        assert_eq!(parse("15m"), Some(SignedDuration::from_mins(15)));
        assert_eq!(parse("12h"), Some(SignedDuration::from_hours(12)));
        assert_eq!(parse("7d"), Some(SignedDuration::from_hours(7 * 24)));
        assert_eq!(parse("2w"), Some(SignedDuration::from_hours(14 * 24)));
        assert_eq!(parse("0d"), Some(SignedDuration::ZERO));
    }

    #[test]
    fn anything_else_is_none() {
        for text in
            ["", "7", "d", "7 d", "-7d", "7D", "1h30m", "1.5h", "7µ", "99999999999999999999s", "99999999w"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
