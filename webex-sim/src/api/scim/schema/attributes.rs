//! The tables.

use super::{Access, Attribute, Shape};

const USER_TYPES: &[&str] = &["user", "room", "external_calling", "calling_service"];
const EMAIL_TYPES: &[&str] = &["work", "home", "room", "other"];
/// The documented ones, and those that `/v1/people` can give a person besides.
const PHONE_TYPES: &[&str] = &[
    "work",
    "home",
    "mobile",
    "work_extension",
    "fax",
    "pager",
    "other",
    "enterprise",
    "alternate1",
    "alternate2",
];
const PHOTO_TYPES: &[&str] = &["photo", "thumbnail", "resizable"];
const ACCOUNT_STATUSES: &[&str] = &[
    "active",
    "pending",
    "transient",
    "disabled",
    "fraud",
    "fraud_transient",
    "compliance_transient",
    "pending_transient",
];

/// At the top of a user. `password` is nothing that Webex takes: it is ignored, and must not be shown.
pub(super) const CORE_ATTRIBUTES: &[Attribute] = &[
    any("schemas").read_only(),
    text("id").read_only().exact(),
    text("password").read_only(),
    complex("meta", META).read_only(),
    complex("groups", GROUP).many().read_only(),
    text("userName").required(),
    flag("active"),
    complex("roles", ROLE).many(),
    complex("name", NAME),
    text("displayName"),
    text("nickName"),
    complex("emails", EMAIL).many(),
    choice("userType", USER_TYPES).required(),
    text("profileUrl"),
    text("title"),
    text("preferredLanguage"),
    text("locale"),
    text("externalId").exact(),
    text("timezone"),
    complex("phoneNumbers", PHONE).many(),
    complex("photos", PHOTO).many(),
    complex("addresses", ADDRESS).many(),
    any("entitlements"),
    any("firstAdmin"),
];

pub(super) const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("employeeNumber"),
    text("costCenter"),
    text("organization"),
    text("division"),
    text("department"),
    complex("manager", MANAGER),
];

pub(super) const CISCO_ATTRIBUTES: &[Attribute] = &[
    choice("accountStatus", ACCOUNT_STATUSES).many(),
    complex("sipAddresses", SIP_ADDRESS).many(),
    complex("managedOrgs", MANAGED_ORG).many(),
    complex("managedGroups", MANAGED_GROUP).many(),
    complex("meta", &[text("organizationId").exact()]).read_only(),
    any("userNameType"),
    any("licenseID"),
    any("provisionSource"),
    any("userSettings"),
    any("macAddresses"),
    any("managedSites"),
];

/// With a number after their name.
pub(super) const NUMBERED: &[Attribute] = &[
    text("extensionAttribute").many(),
    complex("externalAttribute", EXTERNAL).many(),
];

const META: &[Attribute] = &[
    text("resourceType"),
    text("location"),
    text("version"),
    text("created"),
    text("lastModified"),
];
const GROUP: &[Attribute] = &[text("value"), text("display"), text("$ref")];
const ROLE: &[Attribute] = &[text("value").required(), text("type"), text("display")];
const NAME: &[Attribute] = &[
    text("formatted"),
    text("familyName"),
    text("givenName"),
    text("middleName"),
    text("honorificPrefix"),
    text("honorificSuffix"),
];
const EMAIL: &[Attribute] = &[
    text("value").required(),
    choice("type", EMAIL_TYPES),
    text("display"),
    flag("primary"),
];
const PHONE: &[Attribute] = &[
    text("value").required(),
    choice("type", PHONE_TYPES),
    text("display"),
    flag("primary"),
];
const PHOTO: &[Attribute] = &[
    text("value").required(),
    choice("type", PHOTO_TYPES),
    text("display"),
    flag("primary"),
];
const ADDRESS: &[Attribute] = &[
    text("type"),
    text("streetAddress"),
    text("locality"),
    text("region"),
    text("postalCode"),
    text("country"),
    text("formatted"),
    flag("primary"),
];
const MANAGER: &[Attribute] = &[
    text("value").exact(),
    text("displayName"),
    text("$ref").read_only(),
];
const SIP_ADDRESS: &[Attribute] = &[
    text("value").required(),
    choice("type", &["enterprise"]),
    text("display"),
    flag("primary"),
];
const MANAGED_ORG: &[Attribute] = &[text("orgId").required(), text("role").required()];
const MANAGED_GROUP: &[Attribute] = &[
    text("orgId").required(),
    text("groupId").required(),
    text("role").required(),
];
const EXTERNAL: &[Attribute] = &[text("source").required(), text("value").required()];

const fn attribute(name: &'static str, shape: Shape) -> Attribute {
    Attribute {
        name,
        shape,
        many: false,
        access: Access::ReadWrite,
        exact: false,
    }
}

const fn text(name: &'static str) -> Attribute {
    attribute(name, Shape::Text)
}

const fn choice(name: &'static str, values: &'static [&'static str]) -> Attribute {
    attribute(name, Shape::Choice(values))
}

const fn flag(name: &'static str) -> Attribute {
    attribute(name, Shape::Flag)
}

const fn complex(name: &'static str, subs: &'static [Attribute]) -> Attribute {
    attribute(name, Shape::Complex(subs))
}

const fn any(name: &'static str) -> Attribute {
    attribute(name, Shape::Any)
}

impl Attribute {
    const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self {
            access: Access::ReadOnly,
            ..self
        }
    }

    const fn required(self) -> Self {
        Self {
            access: Access::Required,
            ..self
        }
    }

    const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }
}
