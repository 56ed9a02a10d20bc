//! Customers and people in any number, for tests of load: `generate: {customers: 10, peoplePerCustomer: 100}`.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::defaults;
use super::problem::Place;
use super::section::{Problems, Section};
use crate::secret::Secret;
use crate::world::{Directory, Organization, Person};

/// Most customers.
const MOST_CUSTOMERS: usize = 10_000;

/// Most people, all customers together: a person takes about a kilobyte, so that these fit into memory a few times over.
const MOST_PEOPLE: usize = 100_000;

/// How many of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Generate {
    customers: usize,
    people_per_customer: usize,
    place: Option<Place>,
}

impl Generate {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let customers = section.number("customers", MOST_CUSTOMERS);
        let people_per_customer = section.number("peoplePerCustomer", MOST_PEOPLE);
        let place = section.place;
        let (customers, people_per_customer) = (customers.unwrap_or(0), people_per_customer.unwrap_or(0));
        let people = customers.saturating_mul(people_per_customer);
        if people > MOST_PEOPLE {
            let accepted = format!("at most {MOST_PEOPLE}");
            section.wrong(
                "peoplePerCustomer",
                place,
                format!("makes {people} people"),
                accepted,
            );
        }
        section.finish();
        (people <= MOST_PEOPLE).then_some(Self {
            customers,
            people_per_customer,
            place,
        })
    }

    /// Adds customers of the first partner, `Customer 1` and so on, and people, `Subscriber 1` and so on.
    pub(super) fn add_to(
        self,
        directory: &mut Directory,
        world: &str,
        addresses: &HashSet<String>,
        problems: &Problems,
    ) {
        if self.customers == 0 {
            return;
        }
        let Some(partner) = directory
            .organizations
            .values()
            .find(|organization| organization.partner)
            .map(|organization| organization.id)
        else {
            let accepted = "a seed with a partner_full_admin, whose organisation manages the customers";
            problems.add(
                self.place,
                "generate",
                "has no partner for the customers",
                accepted,
            );
            return;
        };
        let created = defaults::created();
        for customer in 1..=self.customers {
            let display_name = format!("Customer {customer}");
            let id = defaults::id(world, "organization", &display_name);
            let organization = Organization {
                id,
                display_name,
                created,
                partner: false,
                managed_by: Some(partner),
            };
            if directory.organizations.insert(id, organization).is_some() {
                let reason = format!("makes a customer {customer}, and there is one of that id");
                problems.add(
                    self.place,
                    "generate",
                    reason,
                    "other ids and names of organisations",
                );
            }
            for person in 1..=self.people_per_customer {
                let number = (customer - 1) * self.people_per_customer + person;
                let email = format!("subscriber-{number}@customer-{customer}.example.com");
                let id_of_person = defaults::id(world, "person", &email);
                if addresses.contains(&email) || directory.people.contains_key(&id_of_person) {
                    let reason = format!("makes {email}, which is there already");
                    problems.add(self.place, "generate", reason, "other addresses of people");
                    continue;
                }
                let subscriber = subscriber(number, (id_of_person, email), id, created);
                directory.people.insert(id_of_person, subscriber);
            }
        }
    }
}

fn subscriber(number: usize, (id, email): (Uuid, String), organization: Uuid, created: Timestamp) -> Person {
    Person {
        password: Secret::new(defaults::password(&email)),
        first_name: Some("Subscriber".to_owned()),
        last_name: Some(number.to_string()),
        invite_pending: false,
        ..Person::new(id, organization, email, format!("Subscriber {number}"), created)
    }
}
