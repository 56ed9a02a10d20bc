//! The attributes of a user in the three schemas that Webex supports (API reference, "SCIM 2 Users"; RFC 7643, sections
//! 4.1 and 4.3): what a value may be, and what a name means. Names are case-insensitive (RFC 7643, section 2.1).

mod attributes;
mod check;

use super::filter::AttributePath;
use attributes::{CISCO_ATTRIBUTES, CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, NUMBERED};

pub(crate) use check::checked;

/// Schema of the core attributes.
pub(crate) const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Schema of the enterprise extension.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Schema of Webex's own extension.
pub(crate) const CISCO: &str = "urn:scim:schemas:extension:cisco:webexidentity:2.0:User";

/// Highest number of the numbered attributes (API reference: `extensionAttribute1` to `15`).
const NUMBERS: u8 = 15;

/// Where in a user an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// At the top.
    Core,
    /// Under [`ENTERPRISE`].
    Enterprise,
    /// Under [`CISCO`].
    Cisco,
}

/// An attribute or a sub-attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// A list of values.
    pub(crate) many: bool,
    pub(crate) access: Access,
    /// Whether upper and lower case differ in comparisons (RFC 7643, section 2.2, `caseExact`).
    pub(crate) exact: bool,
}

/// How an attribute may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    ReadWrite,
    /// It has to be there.
    Required,
    /// Written values are ignored, and PATCH refuses the path.
    ReadOnly,
}

/// What one value may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Text,
    /// One of these texts.
    Choice(&'static [&'static str]),
    Flag,
    /// An object with these attributes.
    Complex(&'static [Attribute]),
    /// Nothing is known about it.
    Any,
}

/// What a name means.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) section: Section,
    /// The name as answers write it.
    pub(crate) key: String,
    pub(crate) attribute: &'static Attribute,
    pub(crate) sub: Option<&'static Attribute>,
}

// === impl Section ===

impl Section {
    /// All of them, in the order in which a bare name is looked up.
    pub(crate) const ALL: [Self; 3] = [Self::Core, Self::Enterprise, Self::Cisco];

    /// The section that a schema names.
    pub(crate) fn of_urn(urn: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|section| section.urn().eq_ignore_ascii_case(urn))
    }

    pub(crate) fn urn(self) -> &'static str {
        match self {
            Self::Core => CORE,
            Self::Enterprise => ENTERPRISE,
            Self::Cisco => CISCO,
        }
    }

    /// The attribute of this name, and how answers write it.
    pub(crate) fn attribute(self, name: &str) -> Option<(&'static Attribute, String)> {
        let attributes = match self {
            Self::Core => CORE_ATTRIBUTES,
            Self::Enterprise => ENTERPRISE_ATTRIBUTES,
            Self::Cisco => CISCO_ATTRIBUTES,
        };
        match find(attributes, name) {
            Some(attribute) => Some((attribute, attribute.name.to_owned())),
            None if self == Self::Cisco => numbered(name),
            None => None,
        }
    }
}

// === impl Attribute ===

impl Attribute {
    /// The sub-attribute of this name.
    pub(crate) fn sub(&self, name: &str) -> Option<&'static Self> {
        match self.shape {
            Shape::Complex(subs) => find(subs, name),
            Shape::Text | Shape::Choice(_) | Shape::Flag | Shape::Any => None,
        }
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.access == Access::ReadOnly
    }

    pub(crate) fn is_required(&self) -> bool {
        self.access == Access::Required
    }

    /// Whether a value is an object.
    pub(crate) fn is_complex(&self) -> bool {
        matches!(self.shape, Shape::Complex(_))
    }
}

// === impl Resolved ===

impl Resolved {
    /// What a path means; `bare` are the sections in which a name without schema is looked up.
    pub(crate) fn of(path: &AttributePath, bare: &[Section]) -> Option<Self> {
        let named = path.urn.as_deref().map(Section::of_urn);
        let sections = match named {
            Some(section) => &[section?][..],
            None => bare,
        };
        sections.iter().find_map(|&section| {
            let (attribute, key) = section.attribute(&path.name)?;
            let sub = match &path.sub {
                Some(name) => Some(attribute.sub(name)?),
                None => None,
            };
            Some(Self {
                section,
                key,
                attribute,
                sub,
            })
        })
    }

    /// Whether comparisons tell upper from lower case.
    pub(crate) fn exact(&self) -> bool {
        self.sub.unwrap_or(self.attribute).exact
    }
}

/// Whether a name is that of a schema.
pub(crate) fn is_urn(name: &str) -> bool {
    name.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// `extensionAttribute1` to `15` and `externalAttribute1` to `15`.
fn numbered(name: &str) -> Option<(&'static Attribute, String)> {
    let digits = name.find(|letter: char| letter.is_ascii_digit())?;
    let (stem, digits) = name.split_at(digits);
    let attribute = find(NUMBERED, stem)?;
    let number: u8 = digits.parse().ok()?;
    let written = (1..=NUMBERS).contains(&number) && number.to_string() == digits;
    written.then(|| (attribute, format!("{}{number}", attribute.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Option<(Section, String, Option<&'static str>)> {
        let path = AttributePath::parse(text)?;
        let resolved = Resolved::of(&path, &Section::ALL)?;
        Some((
            resolved.section,
            resolved.key,
            resolved.sub.map(|attribute| attribute.name),
        ))
    }

    #[test]
    fn a_name_means_the_same_in_any_case_and_with_its_schema() {
        let user_name = Some((Section::Core, "userName".to_owned(), None));
        for text in [
            "userName",
            "USERNAME",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName",
        ] {
            assert_eq!(resolve(text), user_name, "{text}");
        }
        let manager = Some((Section::Enterprise, "manager".to_owned(), Some("displayName")));
        assert_eq!(resolve("manager.displayname"), manager);
        assert_eq!(resolve(&format!("{ENTERPRISE}:manager.displayName")), manager);
    }

    #[test]
    fn what_no_schema_has_means_nothing() {
        for text in [
            "shoeSize",
            "name.shoeSize",
            "title.value",
            "urn:x:department",
            &format!("{CORE}:department"),
        ] {
            assert_eq!(resolve(text), None, "{text}");
        }
    }

    #[test]
    fn numbered_attributes_go_from_1_to_15() {
        let one = Some((Section::Cisco, "extensionAttribute1".to_owned(), None));
        assert_eq!(resolve("extensionattribute1"), one);
        let sub = Some((Section::Cisco, "externalAttribute15".to_owned(), Some("source")));
        assert_eq!(resolve("externalAttribute15.source"), sub);
        for text in [
            "extensionAttribute",
            "extensionAttribute0",
            "extensionAttribute01",
            "extensionAttribute16",
            "extensionAttribute999",
            "extensionAttribute1a",
        ] {
            assert_eq!(resolve(text), None, "{text}");
        }
    }
}
