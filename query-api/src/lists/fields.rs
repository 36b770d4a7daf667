//! Which members of an order are shown.

use std::collections::BTreeMap;

use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::order::OrderDocument;
use crate::params::Fault;
use crate::table::{Cells, Row};

/// Some of the members of an order, or all of them. They are shown in the order of
/// [`OrderDocument::MEMBERS`], whatever order they were asked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// A bit for each member that is shown.
    shown: u32,
}

const ALL: u32 = (1 << OrderDocument::MEMBERS.len()) - 1;

impl Default for Fields {
    fn default() -> Self {
        Self { shown: ALL }
    }
}

impl Fields {
    /// Reads names separated by commas.
    ///
    /// # Errors
    ///
    /// The fault of a name that is none, or given twice; it lists the names.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut shown = 0;
        for name in text.split(',') {
            let place = OrderDocument::MEMBERS
                .iter()
                .position(|member| *member == name);
            let bit = place.map_or(0, |place| 1 << place);
            if bit == 0 || shown & bit != 0 {
                return Err(fault());
            }
            shown |= bit;
        }
        Ok(Self { shown })
    }

    /// The members, in their order.
    pub fn members(self) -> impl Iterator<Item = &'static str> {
        let members = (0..).zip(OrderDocument::MEMBERS);
        members
            .filter_map(move |(place, member)| ((self.shown >> place) & 1 == 1).then_some(member))
    }

    /// Whether a column of a table is shown. An address has a column for each of its parts.
    #[must_use]
    pub fn has_column(self, column: &str) -> bool {
        self.shown == ALL
            || self.members().any(|member| match member {
                "billing_address" => column.starts_with("billing_"),
                "shipping_address" => column.starts_with("shipping_"),
                member => column == member,
            })
    }
}

fn fault() -> Fault {
    Fault::new(
        "invalid_value",
        format!(
            "must be some of these names, each once, separated by commas: {}",
            OrderDocument::MEMBERS.join(", ")
        ),
    )
}

/// An order of which some members are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOrder {
    order: OrderDocument,
    fields: Fields,
}

impl ShownOrder {
    /// These members of this order.
    #[must_use]
    pub fn new(order: OrderDocument, fields: Fields) -> Self {
        Self { order, fields }
    }
}

impl Serialize for ShownOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.fields == Fields::default() {
            return self.order.serialize(serializer);
        }
        let whole = serde_json::to_string(&self.order).map_err(S::Error::custom)?;
        let members: BTreeMap<&str, &RawValue> =
            serde_json::from_str(&whole).map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        for member in self.fields.members() {
            map.serialize_entry(member, members[member])?;
        }
        map.end()
    }
}

impl Row for ShownOrder {
    const COLUMNS: &'static [&'static str] = OrderDocument::COLUMNS;

    fn write(&self, cells: &mut Cells) {
        self.order.write(cells);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_shown_in_their_own_order() {
        let fields = Fields::read("line_items,event_id").expect("two names");
        assert_eq!(
            fields.members().collect::<Vec<_>>(),
            ["event_id", "line_items"]
        );
        let all: Vec<_> = Fields::default().members().collect();
        assert_eq!(all, OrderDocument::MEMBERS);
        assert_eq!(Fields::read(&all.join(",")), Ok(Fields::default()));
    }

    #[test]
    fn other_names_and_repeated_ones_are_faults_that_list_the_names() {
        for text in ["", ",", "email,", "email,email", "Email", " email", "city"] {
            let fault = Fields::read(text).expect_err(text);
            assert!(fault.message.contains("billing_address, "), "{text}");
        }
    }

    #[test]
    fn a_column_belongs_to_one_member() {
        for column in OrderDocument::COLUMNS {
            let owners = OrderDocument::MEMBERS.iter().filter(|member| {
                let fields = Fields::read(member).expect("a name");
                fields.has_column(column)
            });
            assert_eq!(owners.count(), 1, "{column}");
        }
    }
}
