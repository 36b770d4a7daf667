//! The answers over a handful of orders, by figures worked out by hand.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::answers::{Answers, differences};
use super::order::{Address, Order};
use super::question::{Days, OrderValue, ProvinceSales, TopCustomers};
use super::time;

fn order(event_id: &str, at: &str, customer: &str, currency: &str, ten_thousandths: i64) -> Order {
    Order {
        event_id: event_id.to_owned(),
        created_at_us: time::read(at).expect(at),
        customer_id: customer.to_owned(),
        email: format!("{event_id}@example.com"),
        first_name: Some(event_id.to_owned()),
        currency: currency.to_owned(),
        order_value: ten_thousandths,
        total_tax: 1,
        line_items: vec![
            ("p2".to_owned(), 1),
            ("p1".to_owned(), 1),
            ("p2".to_owned(), 2),
        ],
        shipping_address: address(" Idaho ", "United States"),
        ..Order::default()
    }
}

fn address(province: &str, country: &str) -> Address {
    Address::from([
        ("province", province.to_owned()),
        ("province_code", "ID".to_owned()),
        ("country", country.to_owned()),
        ("country_code", "us".to_owned()),
    ])
}

fn days(start: &str, end: &str, zone: &str) -> Days {
    let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
    Days {
        start: date(start),
        end: date(end),
        zone: zone.parse().expect("a zone"),
    }
}

fn top(days: Days, count: usize) -> TopCustomers {
    TopCustomers {
        days,
        count,
        currency: None,
        accepts_marketing: None,
    }
}

fn sales(days: Days, province: Option<&str>) -> ProvinceSales {
    ProvinceSales {
        days,
        province: province.map(str::to_owned),
        country: None,
        currency: None,
        by_billing: false,
    }
}

fn column<'a>(answer: &'a Value, name: &str) -> Vec<&'a Value> {
    let rows = answer["data"].as_array().expect("rows");
    rows.iter().map(|row| &row[name]).collect()
}

#[test]
fn the_best_customers_are_ranked_by_currency_and_ties_by_id() {
    let answers = Answers::from_orders([
        order("e1", "2020-09-01T00:00:00Z", "b", "USD", 500_000),
        order("e2", "2020-09-02T00:00:00Z", "a", "USD", 300_000),
        order("e3", "2020-09-03T00:00:00Z", "a", "USD", 200_000),
        order("e4", "2020-09-03T00:00:00Z", "a", "USD", 0),
        order("e5", "2020-09-03T00:00:00Z", "B", "USD", 900_001),
        order("e6", "2020-09-03T00:00:00Z", "a", "JPY", 50_000_000),
        order("e7", "2020-09-06T00:00:00Z", "b", "USD", 500_000),
    ]);
    let answer = answers.top_customers(&top(days("2020-09-01", "2020-09-05", "UTC"), 2));
    assert_eq!(column(&answer, "rank"), [1, 1, 2]);
    assert_eq!(column(&answer, "customer_id"), ["a", "B", "a"]);
    assert_eq!(column(&answer, "order_value"), ["5000", "90.0001", "50.00"]);
    assert_eq!(
        column(&answer, "email"),
        ["e6@example.com", "e5@example.com", "e4@example.com"]
    );
    assert_eq!(
        column(&answer, "last_name"),
        [&Value::Null, &Value::Null, &Value::Null]
    );
    assert_eq!(column(&answer, "orders"), [1, 1, 3]);
}

#[test]
fn days_are_those_of_the_zone_and_empty_ones_are_there() {
    // In Boise the day of 2020-11-01 has 25 hours: from 06:00Z to 07:00Z of the next day.
    let answers = Answers::from_orders([
        order("e1", "2020-11-01T05:59:59.999999Z", "a", "USD", 10_000),
        order("e2", "2020-11-01T06:00:00Z", "a", "USD", 20_000),
        order("e3", "2020-11-02T06:59:59Z", "a", "USD", 40_000),
        order("e4", "2020-11-02T07:00:00Z", "a", "EUR", 80_000),
    ]);
    let mut question = OrderValue {
        days: days("2020-11-01", "2020-11-02", "America/Boise"),
        by_day: true,
    };
    let answer = answers.order_value(&question);
    assert_eq!(
        column(&answer, "date"),
        ["2020-11-01", "2020-11-01", "2020-11-02", "2020-11-02"]
    );
    assert_eq!(column(&answer, "currency"), ["EUR", "USD", "EUR", "USD"]);
    assert_eq!(
        column(&answer, "order_value"),
        ["0.00", "6.00", "8.00", "0.00"]
    );
    assert_eq!(
        column(&answer, "total_tax"),
        ["0.00", "0.0002", "0.0001", "0.00"]
    );
    question.by_day = false;
    let answer = answers.order_value(&question);
    assert_eq!(column(&answer, "order_value"), ["8.00", "6.00"]);
    assert_eq!(column(&answer, "date"), [&Value::Null, &Value::Null]);
    question.days = days("2020-10-01", "2020-10-02", "UTC");
    question.by_day = true;
    assert_eq!(answers.order_value(&question)["data"], json!([]));
}

#[test]
fn a_province_is_named_by_its_name_or_a_code_and_grouped_by_its_trimmed_name() {
    let at = "2020-09-01T00:00:00Z";
    let mut lower = order("e2", at, "a", "USD", 20_000);
    lower.shipping_address = address("idaho", "United States");
    let mut elsewhere = order("e3", at, "a", "USD", 70_000);
    elsewhere.shipping_address = Address::from([
        ("province", "Zürich".to_owned()),
        ("country", "Schweiz".to_owned()),
    ]);
    elsewhere.billing_address = address("Idaho", "USA");
    let answers = Answers::from_orders([order("e1", at, "a", "USD", 20_000), lower, elsewhere]);
    let within = days("2020-09-01", "2020-09-01", "UTC");
    for asked in [" IDAHO", "id", "Us-Id\u{a0}"] {
        let answer = answers.province_sales(&sales(within, Some(asked)));
        assert_eq!(column(&answer, "province"), ["Idaho", "idaho"], "{asked}");
        assert_eq!(column(&answer, "units"), [4, 4]);
        let products =
            json!([{"product_id": "p2", "quantity": 3}, {"product_id": "p1", "quantity": 1}]);
        assert_eq!(column(&answer, "products")[0], &products);
    }
    let answer = answers.province_sales(&sales(within, Some("ZÜRICH")));
    assert_eq!(column(&answer, "order_value"), ["7.00"]);
    let answer = answers.province_sales(&sales(within, Some("-")));
    assert_eq!(answer["data"], json!([]));
    let mut question = sales(within, None);
    question.by_billing = true;
    let answer = answers.province_sales(&question);
    assert_eq!(column(&answer, "province"), [&json!("Idaho"), &Value::Null]);
    assert_eq!(column(&answer, "orders"), [1, 2]);
    question.country = Some("usa".to_owned());
    assert_eq!(column(&answers.province_sales(&question), "orders"), [1]);
}

#[test]
fn a_difference_between_answers_names_the_row() {
    let answers = Answers::from_orders([order("e1", "2020-09-01T00:00:00Z", "a", "USD", 1)]);
    let expected = answers.top_customers(&top(days("2020-09-01", "2020-09-01", "UTC"), 5));
    let mut actual = expected.clone();
    assert_eq!(differences(&expected, &actual), ["as_of is missing"]);
    actual["as_of"] = Value::Null;
    assert_eq!(differences(&expected, &actual), Vec::<String>::new());
    actual["data"][0]["order_value"] = "0.01".into();
    actual["end_date"] = "2020-09-02".into();
    let found = differences(&expected, &actual);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[1].starts_with("row 0 is "), "{found:?}");
    actual["data"] = json!([]);
    assert!(differences(&expected, &actual).contains(&"0 rows, expected 1".to_owned()));
}

#[test]
fn a_request_says_the_question() {
    let mut question = sales(
        days("2020-09-01", "2020-09-05", "America/Boise"),
        Some("New York"),
    );
    question.by_billing = true;
    assert_eq!(
        question.path(),
        "/sales/province?start_date=2020-09-01&end_date=2020-09-05&tz=America%2FBoise\
         &province=New+York&address=billing"
    );
}
