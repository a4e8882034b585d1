//! The service provider as a door of the program.

use futures_util::future::{BoxFuture, FutureExt as _};
use jiff::SignedDuration;

use crate::model::person::SourceName;
use crate::ports::EdgeError;
use crate::ports::saml::{Admitted, Asked, Brought, Door, Invitation, NotAdmitted, Terms};
use crate::sources::saml::config::SamlConfig;
use crate::sources::saml::query::ask;
use crate::sources::saml::request;
use crate::sources::saml::service::Service;

/// A break that keeps nobody away who has a month to come.
const LONGEST_BREAK: SignedDuration = SignedDuration::from_hours(24);

pub struct SamlDoor(Service);

impl SamlDoor {
    pub fn new(service: Service) -> SamlDoor {
        SamlDoor(service)
    }
}

impl Door for SamlDoor {
    fn source(&self) -> &SourceName {
        &self.0.config.name
    }

    fn metadata(&self) -> String {
        request::metadata(&self.0.config, self.0.certificate.as_deref())
    }

    fn attend(&self) -> BoxFuture<'_, Result<(), EdgeError>> {
        let SamlConfig { name, valid_for, .. } = &*self.0.config;
        let longest_break = LONGEST_BREAK.min(*valid_for / 4);
        let terms = Terms { longest_break, keep: *valid_for };
        self.0.testimonies.attend(name, self.0.clock.now(), terms)
    }

    fn invite(&self) -> BoxFuture<'_, Result<Invitation, EdgeError>> {
        self.0.invitation().boxed()
    }

    fn admit(&self, message: Vec<u8>, brought: Brought) -> BoxFuture<'_, Result<Admitted, NotAdmitted>> {
        self.0.admitted(message, brought).boxed()
    }

    fn ask(&self) -> BoxFuture<'_, Result<Option<Asked>, EdgeError>> {
        ask(&self.0).boxed()
    }
}
