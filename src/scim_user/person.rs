//! The person that a user is, by the attributes that the configuration names.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::person::{Attribute, Person, Profile};
use crate::scim_user::attribute_path::AttributePath;
use crate::scim_user::body::UserBody;

/// Which attributes of a user mean what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAttributes {
    pub username: AttributePath,
    pub email: AttributePath,
    pub name: AttributePath,
    pub extra: Vec<AttributePath>,
    /// What GitLab's `extern_uid` is compared with.
    pub identity: AttributePath,
}

/// Makes people of users.
pub struct Reader<'c> {
    attributes: &'c UserAttributes,
    /// The extra attributes, sorted by the names that all people share.
    extra: Vec<(Arc<str>, &'c AttributePath)>,
    full_name: FullName,
}

/// For reports alone, where the attribute of the name says nothing.
struct FullName {
    formatted: AttributePath,
    given: AttributePath,
    family: AttributePath,
}

impl<'c> Reader<'c> {
    pub fn new(attributes: &'c UserAttributes) -> Reader<'c> {
        let named = |path: &'c AttributePath| (Arc::from(path.label()), path);
        let mut extra: Vec<(Arc<str>, &AttributePath)> = attributes.extra.iter().map(named).collect();
        extra.sort_by(|(one, _), (other, _)| one.cmp(other));
        extra.dedup_by(|(one, _), (other, _)| one == other);
        let part = |path| AttributePath::parse(path).expect("it is one");
        let full_name = FullName {
            formatted: part("name.formatted"),
            given: part("name.givenName"),
            family: part("name.familyName"),
        };
        Reader { attributes, extra, full_name }
    }

    pub fn person(&self, id: Cow<'_, str>, user: &UserBody) -> Person {
        let attribute = |(name, path): &(Arc<str>, &AttributePath)| {
            let values: Vec<Box<str>> =
                path.values(user).into_iter().map(|value| value.into_owned().into()).collect();
            (!values.is_empty()).then(|| Attribute { name: Arc::clone(name), values })
        };
        Person::from(Profile {
            id,
            username: first(&self.attributes.username, user),
            name: first(&self.attributes.name, user).or_else(|| self.full_name.of(user)),
            emails: distinct(self.attributes.email.values(user)),
            identity: first(&self.attributes.identity, user),
            attributes: self.extra.iter().filter_map(attribute).collect(),
        })
    }
}

impl FullName {
    fn of<'u>(&self, user: &'u UserBody) -> Option<Cow<'u, str>> {
        first(&self.formatted, user).or_else(|| {
            let parts: Vec<Cow<'_, str>> =
                [&self.given, &self.family].into_iter().filter_map(|part| first(part, user)).collect();
            Some(parts.join(" ")).filter(|name| !name.is_empty()).map(Cow::Owned)
        })
    }
}

fn first<'u>(path: &AttributePath, user: &'u UserBody) -> Option<Cow<'u, str>> {
    path.values(user).into_iter().next()
}

fn distinct(values: Vec<Cow<'_, str>>) -> Vec<Cow<'_, str>> {
    let mut kept: Vec<Cow<'_, str>> = Vec::with_capacity(values.len());
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use crate::model::person::Person;
    use crate::scim_user::attribute_path::AttributePath;
    use crate::scim_user::person::{Reader, UserAttributes};

    fn person(user: &str) -> Person {
        let path = |text| AttributePath::parse(text).unwrap();
        let attributes = UserAttributes {
            username: path("userName"),
            email: path("emails"),
            name: path("displayName"),
            extra: vec![path("title"), path("department"), path("urn:acme:2.0:User:floor")],
            identity: path("externalId"),
        };
        Reader::new(&attributes).person("7f".into(), &serde_json::from_str(user).unwrap())
    }

    #[test]
    fn a_user_is_a_person() {
        let ada = person(
            r#"{"userName":"ada","externalId":"E7","name":{"givenName":"Ada","familyName":"Byron"},
                "emails":[{"value":"home@x"},{"value":"a@x","type":"Work"},{"value":"ada@x","primary":true},{"value":"a@x"}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D"},
                "urn:acme:2.0:User":{"floor":3}}"#,
        );
        assert_eq!((ada.id(), ada.username(), ada.name()), ("7f", Some("ada"), Some("Ada Byron")));
        assert_eq!((ada.identity(), ada.extern_uid()), (Some("E7"), Some("e7")));
        assert_eq!(ada.emails().collect::<Vec<_>>(), ["ada@x", "a@x", "home@x"]);
        assert_eq!(ada.attribute("department"), [Box::from("R&D")]);
        assert_eq!(ada.attribute("floor"), [Box::from("3")]);
        assert!(ada.attribute("title").is_empty());
    }

    #[test]
    fn the_name_is_the_fullest_there_is() {
        assert_eq!(person(r#"{"name":{"formatted":"A. Byron","givenName":"Ada"}}"#).name(), Some("A. Byron"));
        assert_eq!(person(r#"{"name":{"familyName":"Byron"}}"#).name(), Some("Byron"));
        assert_eq!(person(r#"{"userName":"ada"}"#).name(), None);
    }
}
