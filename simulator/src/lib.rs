//! A GitLab that sells seats.
