//! What the path of an operation names.

use crate::api::scim::error::ScimError;
use crate::api::scim::filter::{Filter, PathText};
use crate::api::scim::schema::{Attribute, Resolved, Section};

/// A place in a user.
#[derive(Debug)]
pub(super) enum Target {
    /// All of an extension.
    Extension(Section),
    /// An attribute or parts of it.
    Attribute(Place),
}

/// An attribute, perhaps only some of its values, perhaps only a sub-attribute.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) section: Section,
    pub(super) key: String,
    pub(super) attribute: &'static Attribute,
    pub(super) filter: Option<Filter>,
    pub(super) sub: Option<&'static Attribute>,
}

impl Target {
    /// Reads a path. Attributes of the extensions need their schema in front (RFC 7644, section 3.10).
    pub(super) fn parse(path: &str) -> Result<Self, ScimError> {
        if let Some(section) = Section::of_urn(path.trim()).filter(|section| *section != Section::Core) {
            return Ok(Self::Extension(section));
        }
        let read = PathText::parse(path).map_err(|error| match error {
            Some(error) => {
                ScimError::Filter(format!("The filter of the path {path} cannot be read: {error}."))
            }
            None => ScimError::Path(format!("{path} is not a path.")),
        })?;
        let unknown = || ScimError::Path(format!("{path} is not an attribute of a user."));
        let resolved = Resolved::of(&read.path, &[Section::Core]).ok_or_else(unknown)?;
        let attribute = resolved.attribute;
        let sub = match (&read.sub, &read.filter) {
            (Some(sub), _) => Some(attribute.sub(sub).ok_or_else(unknown)?),
            (None, _) => resolved.sub,
        };
        if read.filter.is_some() && (!attribute.many || resolved.sub.is_some()) {
            return Err(ScimError::Path(format!(
                "{path} has a filter where there is no list."
            )));
        }
        if attribute.is_read_only() || sub.is_some_and(Attribute::is_read_only) {
            return Err(ScimError::Mutability(format!("{path} cannot be changed.")));
        }
        Ok(Self::Attribute(Place {
            section: resolved.section,
            key: resolved.key,
            attribute,
            filter: read.filter,
            sub,
        }))
    }
}
