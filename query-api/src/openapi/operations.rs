//! Every operation: a resource that is not here is not described, and a test fails.

use super::answers::Good;
use super::examples;
use super::operation::Operation;
use super::problems::{
    INTERNAL, INVALID_PARAMETERS, NO_ANSWER, NOT_ACCEPTABLE, NOT_FOUND, NOT_READY, REFUSALS,
    TOO_LARGE, TOO_LONG, UNAVAILABLE,
};
use super::segment::Segment;
use crate::health::{Liveness, Readiness};
use crate::lists::rejected_event::ViolationDocument;
use crate::requests::{
    CUSTOMER_ORDERS, ORDER, ORDER_VALUE, ORDERS, PROVINCE_SALES, REJECTED_EVENTS, TOP_CUSTOMERS,
};

const EVENT_ID: Segment = Segment {
    name: "event_id",
    chars_max: None,
    example: "41e587e3-2c31-4338-8f6a-4f85d2df4c6a",
    about: "The id of the order's event, percent-encoded: it may hold a %2F",
};

const CUSTOMER: Segment = Segment {
    name: "id",
    chars_max: Some(128),
    example: "66f6",
    about: "The customer's id, percent-encoded",
};

/// All of them, in the order in which they are shown.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        path: "/customers/top",
        id: "topCustomers",
        tag: "Questions",
        summary: "Who are the customers with the highest order value?",
        about: "The best customers of each currency, best first; ties go to the lower id. Email and \
                names are those of the newest of the orders counted. Days are required: `start_date` \
                and `end_date`, or `period`.",
        segments: &[],
        parameters: TOP_CUSTOMERS,
        scope: Some("analytics"),
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
        scope: Some("analytics"),
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
        scope: Some("analytics"),
        good: || Good::question("SalesByProvince", &[examples::province_sales()]),
        refusals: REFUSALS,
    },
    Operation {
        path: "/orders",
        id: "listOrders",
        tag: "Orders",
        summary: "Orders, newest first",
        about: "Page by page: no page repeats or skips an order while new ones arrive.",
        segments: &[],
        parameters: ORDERS,
        scope: Some("orders"),
        good: || Good::page("OrderPage", examples::order()),
        refusals: REFUSALS,
    },
    Operation {
        path: "/orders/{event_id}",
        id: "getOrder",
        tag: "Orders",
        summary: "One whole order",
        about: "The order with this event id. An id `value` cannot be asked for: that is a question.",
        segments: &[EVENT_ID],
        parameters: ORDER,
        scope: Some("orders"),
        good: || Good::record("Order", &examples::order()),
        refusals: &[
            &INVALID_PARAMETERS,
            &NOT_FOUND,
            &NOT_ACCEPTABLE,
            &TOO_LARGE,
            &TOO_LONG,
            &INTERNAL,
            &UNAVAILABLE,
            &NO_ANSWER,
        ],
    },
    Operation {
        path: "/customers/{id}/orders",
        id: "listCustomerOrders",
        tag: "Orders",
        summary: "A customer's orders, newest first",
        about: "As the list of all orders. An unknown customer has an empty list.",
        segments: &[CUSTOMER],
        parameters: CUSTOMER_ORDERS,
        scope: Some("orders"),
        good: || Good::page("OrderPage", examples::order()),
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
        scope: Some("rejected-events"),
        good: || {
            Good::page(
                "RejectedEventPage",
                examples::rejected_event::<ViolationDocument>(),
            )
        },
        refusals: REFUSALS,
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
                are in memory. Looked up at most once a second.",
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
        path: "/metrics",
        id: "getMetrics",
        tag: "Operation",
        summary: "Figures for Prometheus",
        about: "In the text format 0.0.4.",
        segments: &[],
        parameters: &[],
        scope: Some("metrics"),
        good: Good::figures,
        refusals: &[&TOO_LONG],
    },
];
