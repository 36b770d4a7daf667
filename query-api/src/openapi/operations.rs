//! Every operation: a resource that is not here is not described, and a test fails.

use super::answers::Good;
use super::examples;
use super::operation::Operation;
use super::problems::{
    INTERNAL, INVALID_PARAMETERS, NO_ANSWER, NOT_ACCEPTABLE, NOT_FOUND, NOT_READY, REFUSALS,
    Refusal, TOO_LARGE, TOO_LONG, UNAVAILABLE,
};
use super::segment::{Kind, Segment};
use crate::access::Scope;
use crate::code_page;
use crate::health::{Liveness, Readiness};
use crate::lists::rejected_event::{ExplainedViolation, ViolationDocument};
use crate::requests::{
    CUSTOMER_ORDERS, ORDER, ORDER_VALUE, ORDERS, PROVINCE_SALES, REJECTED_COUNTS, REJECTED_EVENT,
    REJECTED_EVENTS, TOP_CUSTOMERS,
};

const EVENT_ID: Segment = Segment {
    name: "event_id",
    kind: Kind::Text(None),
    example: "41e587e3-2c31-4338-8f6a-4f85d2df4c6a",
    about: "The id of the order's event, percent-encoded: it may hold a %2F",
};

const CUSTOMER: Segment = Segment {
    name: "id",
    kind: Kind::Text(Some(128)),
    example: "66f6",
    about: "The customer's id, percent-encoded",
};

const REJECTED: Segment = Segment {
    name: "id",
    kind: Kind::Number,
    example: "30",
    about: "The rejected record's id",
};

/// What one record may be refused with.
const RECORD_REFUSALS: &[&Refusal] = &[
    &INVALID_PARAMETERS,
    &NOT_FOUND,
    &NOT_ACCEPTABLE,
    &TOO_LARGE,
    &TOO_LONG,
    &INTERNAL,
    &UNAVAILABLE,
    &NO_ANSWER,
];

/// All of them, in the order in which they are shown.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        path: "/customers/top",
        id: "topCustomers",
        tag: "Questions",
        summary: "Who are the customers with the highest order value?",
        about: "The best customers of each currency, best first; ties go to the lower id. Email and \
                names are those of the newest of the orders counted; a token without the scope `orders` \
                gets neither. Days are required: `start_date` \
                and `end_date`, or `period`.",
        segments: &[],
        parameters: TOP_CUSTOMERS,
        scope: Some(Scope::Analytics),
        good: || Good::question("TopCustomers", &[examples::top_customer()]),
        refusals: REFUSALS,
    },
    Operation {
        path: "/orders/value",
        id: "orderValue",
        tag: "Questions",
        summary: "What was ordered on each day?",
        about: "A row a day and currency; days without orders are there, with zeros, for each \
                currency that occurs in the range. With `mode=TOTAL` a row a currency, without \
                `date`. Days are required: `start_date` and `end_date`, or `period`.",
        segments: &[],
        parameters: ORDER_VALUE,
        scope: Some(Scope::Analytics),
        good: || Good::question("OrderValue", &[examples::daily_value()]),
        refusals: REFUSALS,
    },
    Operation {
        path: "/sales/province",
        id: "salesByProvince",
        tag: "Questions",
        summary: "What was sold in a province, or in each?",
        about: "A row a province and currency: orders, their value, and units by product, most \
                first. Days are required: `start_date` and `end_date`, or `period`.",
        segments: &[],
        parameters: PROVINCE_SALES,
        scope: Some(Scope::Analytics),
        good: || Good::question("SalesByProvince", &[examples::province_sales()]),
        refusals: REFUSALS,
    },
    Operation {
        path: "/orders",
        id: "listOrders",
        tag: "Orders",
        summary: "Orders, newest first",
        about: "Page by page: no page repeats or skips an order while new ones arrive. A page that \
                few orders fit may hold fewer than `limit`, or none, and have another behind it: \
                `has_more` says so. With `fields` an order has those members alone.",
        segments: &[],
        parameters: ORDERS,
        scope: Some(Scope::Orders),
        good: || Good::page("ShownOrderPage", examples::order()),
        refusals: REFUSALS,
    },
    Operation {
        path: "/orders/{event_id}",
        id: "getOrder",
        tag: "Orders",
        summary: "One whole order",
        about: "The order with this event id; with `fields` those of its members alone. An id `value` \
                cannot be asked for: that is a question.",
        segments: &[EVENT_ID],
        parameters: ORDER,
        scope: Some(Scope::Orders),
        good: || Good::record("ShownOrder", &examples::order()),
        refusals: RECORD_REFUSALS,
    },
    Operation {
        path: "/customers/{id}/orders",
        id: "listCustomerOrders",
        tag: "Orders",
        summary: "A customer's orders, newest first",
        about: "As the list of all orders. An unknown customer has an empty list.",
        segments: &[CUSTOMER],
        parameters: CUSTOMER_ORDERS,
        scope: Some(Scope::Orders),
        good: || Good::page("ShownOrderPage", examples::order()),
        refusals: REFUSALS,
    },
    Operation {
        path: "/rejected-events",
        id: "listRejectedEvents",
        tag: "Rejected events",
        summary: "Rejected records, newest first",
        about: "Each with everything that is wrong with it. Its days are those of `rejected_at`.",
        segments: &[],
        parameters: REJECTED_EVENTS,
        scope: Some(Scope::RejectedEvents),
        good: || {
            Good::page(
                "RejectedEventPage",
                examples::rejected_event::<ViolationDocument>(),
            )
        },
        refusals: REFUSALS,
    },
    Operation {
        path: "/rejected-events/counts",
        id: "countRejectedEvents",
        tag: "Rejected events",
        summary: "How many records were rejected on each day, and for what?",
        about: "A row a day and code that has any; a record counts once for each of its codes. Days are \
                required: `start_date` and `end_date`, or `period`.",
        segments: &[],
        parameters: REJECTED_COUNTS,
        scope: Some(Scope::RejectedEvents),
        good: || Good::question("RejectedCounts", &[examples::rejected_count()]),
        refusals: REFUSALS,
    },
    Operation {
        path: "/rejected-events/{id}",
        id: "getRejectedEvent",
        tag: "Rejected events",
        summary: "One rejected record",
        about: "As in the list, and each violation with the address of what its code means.",
        segments: &[REJECTED],
        parameters: REJECTED_EVENT,
        scope: Some(Scope::RejectedEvents),
        good: || {
            let record = examples::rejected_event::<ExplainedViolation>();
            Good::record("ExplainedRejectedEvent", &record)
        },
        refusals: RECORD_REFUSALS,
    },
    Operation {
        path: code_page::PATH,
        id: "explainCodes",
        tag: "Rejected events",
        summary: "What each code of a violation means",
        about: "A page for people: of each code its meaning and what to do, under an anchor of its \
                name.",
        segments: &[],
        parameters: &[],
        scope: None,
        good: || Good::html("The page"),
        refusals: &[&TOO_LONG],
    },
    Operation {
        path: "/livez",
        id: "getLiveness",
        tag: "Operation",
        summary: "Is the process there?",
        about: "Always, when it answers.",
        segments: &[],
        parameters: &[],
        scope: None,
        good: || Good::momentary("Liveness", &Liveness::Alive),
        refusals: &[&TOO_LONG],
    },
    Operation {
        path: "/healthcheck/heartbeat/",
        id: "getHeartbeat",
        tag: "Operation",
        summary: "Is the process there?",
        about: "The same under another address.",
        segments: &[],
        parameters: &[],
        scope: None,
        good: || Good::momentary("Liveness", &Liveness::Alive),
        refusals: &[&TOO_LONG],
    },
    Operation {
        path: "/readyz",
        id: "getReadiness",
        tag: "Operation",
        summary: "Can the service answer?",
        about: "Ready when the database answers and has this release's migrations, and the orders \
                and who may ask are in memory. Looked up at most once a second.",
        segments: &[],
        parameters: &[],
        scope: None,
        good: || {
            let checks = examples::checks();
            Good::momentary("Readiness", &Readiness::Ready { checks })
        },
        refusals: &[&TOO_LONG, &NOT_READY],
    },
    Operation {
        path: "/status",
        id: "getStatus",
        tag: "Operation",
        summary: "How far is everything?",
        about: "Each partition's position and lag, today's records by outcome and code, the orders in \
                memory. Answered whatever the database does: each part says as of when it is.",
        segments: &[],
        parameters: &[],
        scope: Some(Scope::Metrics),
        good: || Good::momentary("Status", &examples::status()),
        refusals: &[&TOO_LONG],
    },
    Operation {
        path: "/metrics",
        id: "getMetrics",
        tag: "Operation",
        summary: "Figures for Prometheus",
        about: "In the text format 0.0.4.",
        segments: &[],
        parameters: &[],
        scope: Some(Scope::Metrics),
        good: Good::figures,
        refusals: &[&TOO_LONG],
    },
];
