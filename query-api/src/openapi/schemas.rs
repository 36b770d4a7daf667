//! The schemas of the documents, from their types.
//!
//! The shapes are ours, so they are closed: each member is always there, null where it has no
//! value, and there is no other. What the derived schemas leave open of that is settled here.

use utoipa::ToSchema;
use utoipa::openapi::schema::{
    AdditionalProperties, AllOf, AnyOfBuilder, ArrayBuilder, ArrayItems, Object, ObjectBuilder,
    OneOfBuilder, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};

use crate::access::Scope;
use crate::answers::{DailyValue, ProvinceSales, TopCustomer, TotalValue};
use crate::health::{Checks, Liveness, Readiness};
use crate::lists::RejectedCount;
use crate::lists::order::OrderDocument;
use crate::lists::rejected_event::{ExplainedViolation, RejectedDocument, ViolationDocument};
use crate::params::InvalidParameter;
use crate::problem::Problem;
use crate::reply::{Analytics, List};
use crate::status::StatusDocument;

/// Schemas by name, in the order in which they were first named.
type Named = Vec<(String, RefOr<Schema>)>;

/// Every schema of the description.
pub(super) fn schemas() -> Named {
    let mut schemas = Named::new();
    add::<Analytics<'static, TopCustomer>>("TopCustomers", &mut schemas);
    add::<TopCustomer>("TopCustomer", &mut schemas);
    add::<Analytics<'static, DailyValue>>("OrderValue", &mut schemas);
    add::<DailyValue>("DailyValue", &mut schemas);
    add::<TotalValue>("TotalValue", &mut schemas);
    add::<Analytics<'static, ProvinceSales<'static>>>("SalesByProvince", &mut schemas);
    add::<ProvinceSales<'static>>("ProvinceSales", &mut schemas);
    add::<OrderDocument>("Order", &mut schemas);
    add::<List<OrderDocument>>("OrderPage", &mut schemas);
    add::<RejectedDocument<ViolationDocument>>("RejectedEvent", &mut schemas);
    add::<RejectedDocument<ExplainedViolation>>("ExplainedRejectedEvent", &mut schemas);
    add::<ExplainedViolation>("ExplainedViolation", &mut schemas);
    add::<Analytics<'static, RejectedCount>>("RejectedCounts", &mut schemas);
    add::<RejectedCount>("RejectedCount", &mut schemas);
    add::<List<RejectedDocument<ViolationDocument>>>("RejectedEventPage", &mut schemas);
    add::<Liveness>("Liveness", &mut schemas);
    add::<Readiness>("Readiness", &mut schemas);
    add::<StatusDocument>("Status", &mut schemas);
    add::<Problem>("Problem", &mut schemas);
    add::<InvalidParameter>("InvalidParameter", &mut schemas);
    let flat: Vec<_> = schemas
        .iter()
        .map(|(_, schema)| flat(schema, &schemas))
        .collect();
    for ((_, schema), flat) in schemas.iter_mut().zip(flat) {
        *schema = flat;
        close(schema);
    }
    either_mode(object(&mut schemas, "OrderValue"));
    fields(&mut schemas);
    problems(&mut schemas);
    schemas
}

/// A type by this name, and the types of its members by theirs.
fn add<T: ToSchema>(name: &str, schemas: &mut Named) {
    let mut named = vec![(name.to_owned(), T::schema())];
    T::schemas(&mut named);
    for (name, schema) in named {
        if schemas.iter().all(|(known, _)| *known != name) {
            schemas.push((name, schema));
        }
    }
}

fn object<'a>(schemas: &'a mut Named, name: &str) -> &'a mut Object {
    let schema = schemas.iter_mut().find(|(known, _)| known == name);
    match schema {
        Some((_, RefOr::T(Schema::Object(object)))) => object,
        _ => panic!("{name} is the schema of an object"),
    }
}

/// One object in the stead of several that are sent as one.
fn flat(schema: &RefOr<Schema>, schemas: &Named) -> RefOr<Schema> {
    let RefOr::T(Schema::AllOf(AllOf {
        items, description, ..
    })) = schema
    else {
        return schema.clone();
    };
    let mut whole = Object::new();
    whole.description.clone_from(description);
    // Its own members come last in the schema, and first in the document.
    for item in items.iter().rev() {
        let part = match item {
            RefOr::Ref(reference) => schemas
                .iter()
                .find(|(name, _)| reference.ref_location.ends_with(&format!("/{name}")))
                .map(|(_, schema)| schema),
            item @ RefOr::T(_) => Some(item),
        };
        let Some(RefOr::T(Schema::Object(part))) = part else {
            panic!("the parts of an object are objects");
        };
        whole.properties.extend(part.properties.clone());
    }
    Schema::Object(whole).into()
}

fn close(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) if !object.properties.is_empty() => {
            object.required = object.properties.keys().cloned().collect();
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            object.properties.values_mut().for_each(close);
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                close(items);
            }
        }
        // A choice of one is none.
        RefOr::T(Schema::OneOf(one)) if one.items.len() == 1 => {
            *schema = one.items.remove(0);
            close(schema);
        }
        RefOr::T(Schema::OneOf(one)) => {
            one.items.iter_mut().for_each(close);
            // What a member means is said of the member, not of what it is when it is not null.
            if let Some(RefOr::Ref(reference)) = one.items.first_mut()
                && one.description.is_none()
                && !reference.description.is_empty()
            {
                one.description = Some(std::mem::take(&mut reference.description));
            }
        }
        RefOr::T(Schema::AnyOf(any)) => any.items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Rows by day or in total, never both; either list may be empty.
fn either_mode(answer: &mut Object) {
    let lists = ["DailyValue", "TotalValue"]
        .map(|row| ArrayBuilder::new().items(Ref::from_schema_name(row)));
    let data = lists
        .into_iter()
        .fold(AnyOfBuilder::new(), AnyOfBuilder::item)
        .description(Some("The rows, by day; with `mode=TOTAL` in total"));
    let _rows = answer
        .properties
        .insert("data".to_owned(), Schema::AnyOf(data.build()).into());
}

/// Orders of which some members are asked for, and what either may be.
fn fields(schemas: &mut Named) {
    let mut some = object(schemas, "Order").clone();
    some.required.clear();
    some.description = Some("The members of an order that `fields` names, at least one".to_owned());
    some.min_properties = Some(1);
    let mut page = object(schemas, "OrderPage").clone();
    let rows = ArrayBuilder::new()
        .items(Ref::from_schema_name("OrderFields"))
        .description(Some("The rows, newest first"));
    let _whole = page
        .properties
        .insert("data".to_owned(), Schema::Array(rows.build()).into());
    let either = |names: [&str; 2]| {
        let names = names.map(Ref::from_schema_name);
        let either = names
            .into_iter()
            .fold(AnyOfBuilder::new(), AnyOfBuilder::item);
        Schema::AnyOf(either.build())
    };
    let more = [
        ("OrderFields", Schema::Object(some)),
        ("OrderFieldsPage", Schema::Object(page)),
        ("ShownOrder", either(["Order", "OrderFields"])),
        ("ShownOrderPage", either(["OrderPage", "OrderFieldsPage"])),
    ];
    schemas.extend(more.map(|(name, schema)| (name.to_owned(), schema.into())));
}

/// The problems that say more than every problem does.
fn problems(schemas: &mut Named) {
    let plain = object(schemas, "Problem").clone();
    let with = |member: &str, schema: RefOr<Schema>| {
        let mut problem = plain.clone();
        problem.required.push(member.to_owned());
        let _none = problem.properties.insert(member.to_owned(), schema);
        RefOr::from(Schema::Object(problem))
    };
    let faults = ArrayBuilder::new()
        .items(Ref::from_schema_name("InvalidParameter"))
        .min_items(Some(1))
        .max_items(Some(50))
        .description(Some("Everything that is wrong"));
    let checks = Ref::builder()
        .ref_location_from_schema_name(Checks::name())
        .description(Some("What is missing"))
        .build();
    let reached = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("What was reached, as `Ordertally-Position` has it"))
        .build();
    let scope = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Scope::ALL.map(Scope::as_str)))
        .description(Some("What the token is not for"))
        .build();
    let more = [
        (
            "InsufficientScopeProblem",
            with("scope", Schema::Object(scope).into()),
        ),
        (
            "InvalidParametersProblem",
            with("invalid_parameters", Schema::Array(faults.build()).into()),
        ),
        ("NotReadyProblem", with("checks", checks.into())),
        (
            "PositionProblem",
            with("position", Schema::Object(reached).into()),
        ),
        (
            "NoAnswerProblem",
            Schema::OneOf(
                OneOfBuilder::new()
                    .item(Ref::from_schema_name("PositionProblem"))
                    .item(Ref::from_schema_name("Problem"))
                    .build(),
            )
            .into(),
        ),
    ];
    schemas.extend(more.map(|(name, schema)| (name.to_owned(), schema)));
}
