//! Keeps xmlsec from printing to standard error whatever is wrong with a message that a stranger sent.
//!
//! `samael` has no safe way to say so. This is the one call to C that seatsync makes itself, in a crate of its own, so that
//! `unsafe` stays forbidden everywhere else.

// It is what brings the library in.
use samael as _;

unsafe extern "C" {
    // https://www.aleksey.com/xmlsec/api/xmlsec-errors.html: it sets one number, which is read when an error is reported.
    safe fn xmlSecErrorsDefaultCallbackEnableOutput(enabled: core::ffi::c_int);
}

/// From here on xmlsec prints nothing. Asking again changes nothing.
pub fn silence() {
    xmlSecErrorsDefaultCallbackEnableOutput(0);
}
