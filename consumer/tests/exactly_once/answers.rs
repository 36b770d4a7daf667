//! From the topic to a person: what the query service answers is what the records in the topic
//! say, in zones with daylight saving too, and also for an order that was rejected first.

use std::time::Duration;

use chrono::NaiveDate;
use ordertally_testkit::eventually_some;
use ordertally_testkit::process::{Process, Program};
use ordertally_testkit::reckoning::question::{Days, OrderValue, ProvinceSales, TopCustomers};
use ordertally_testkit::reckoning::{Reckoning, answers};
use ordertally_testkit::servers::free_port;
use serde_json::Value;

use crate::stage::{SOON, Stage, order};

struct Service {
    address: String,
    _process: Process,
}

impl Service {
    async fn start(stage: &Stage) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let process = Program::new("ordertally-query-api")
            .env("DATABASE_URL", &stage.url)
            .env("HTTP_ADDR", &address)
            .start();
        let url = format!("http://{address}/readyz");
        eventually_some(SOON, "the query service is ready", async || {
            let answer = reqwest::get(&url).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        Self {
            address,
            _process: process,
        }
    }

    async fn ask(&self, path: &str) -> Value {
        let answer = reqwest::get(format!("http://{}{path}", self.address))
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_three_answers_are_the_independent_reckoning_of_the_topic() {
    let stage = Stage::new(3).await;
    let mut generate = Program::new("ordertally-replay")
        .env("KAFKA_BROKERS", &stage.brokers)
        .env("KAFKA_TOPIC", &stage.topic);
    for argument in [
        "generate",
        "--orders",
        "4000",
        "--seed",
        "7",
        "--days",
        "300",
        "--customers",
        "300",
        "--duplicates",
        "0.02",
        "--invalid",
        "0.02",
        "--start",
        "2020-09-01",
    ] {
        generate = generate.argument(argument);
    }
    let mut generate = generate.start();
    let sent = generate.end_within(Duration::from_secs(120)).await;
    assert_eq!(sent.code(), Some(0), "{}", generate.output());
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    stage.reckon().await;

    let reckoning = Reckoning::of(stage.contents().await);
    let client = stage.client().await;
    let expected = reckoning.settle(&client).await.unwrap().answers();
    let service = Service::start(&stage).await;
    let mut differences = Vec::new();
    let mut rows = 0;
    for zone in [
        "UTC",
        "America/Boise",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ] {
        // Both changes of the clocks lie in the first range.
        for (start, end) in [
            ("2020-09-01", "2021-06-27"),
            ("2020-11-01", "2020-11-01"),
            ("2021-03-14", "2021-03-28"),
        ] {
            let days = Days {
                start: day(start),
                end: day(end),
                zone: zone.parse().unwrap(),
            };
            let top = TopCustomers {
                days,
                count: 20,
                currency: None,
                accepts_marketing: Some(true),
            };
            let pairs = [
                (top.path(), expected.top_customers(&top)),
                {
                    let question = OrderValue { days, by_day: true };
                    (question.path(), expected.order_value(&question))
                },
                {
                    let question = OrderValue {
                        days,
                        by_day: false,
                    };
                    (question.path(), expected.order_value(&question))
                },
                {
                    let question = ProvinceSales {
                        days,
                        province: None,
                        country: None,
                        currency: None,
                        by_billing: true,
                    };
                    (question.path(), expected.province_sales(&question))
                },
                {
                    let question = ProvinceSales {
                        days,
                        province: Some(" idaho ".into()),
                        country: None,
                        currency: Some("USD".into()),
                        by_billing: false,
                    };
                    (question.path(), expected.province_sales(&question))
                },
            ];
            for (path, expected) in pairs {
                let actual = service.ask(&path).await;
                rows += actual["data"].as_array().map_or(0, Vec::len);
                for difference in answers::differences(&expected, &actual) {
                    differences.push(format!("{path}: {difference}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(rows > 500, "{rows} rows of answers were compared");
}

#[tokio::test]
async fn a_rejected_order_that_is_retried_after_its_position_has_passed_is_in_every_answer() {
    let stage = Stage::new(1).await;
    let mut consumer = stage.consumer();
    stage.send_orders(1, 0, 1);
    stage.caught_up().await;
    let client = stage.client().await;
    client
        .batch_execute(
            "ALTER TABLE orders ADD CONSTRAINT refused CHECK (event_id NOT LIKE 'refused%')",
        )
        .await
        .unwrap();
    stage.send(0, [order("refused", 7)]);
    stage.send_orders(1, 100, 50);
    stage.caught_up().await;
    assert_eq!(stage.counts().await, (51, 1));
    client
        .batch_execute("ALTER TABLE orders DROP CONSTRAINT refused")
        .await
        .unwrap();
    // Beside the running consumer, which goes on afterwards.
    let mut retry = stage.program();
    for argument in ["rejects", "retry", "--all"] {
        retry = retry.argument(argument);
    }
    let mut retry = retry.start();
    let status = retry.end_within(SOON).await;
    assert_eq!(status.code(), Some(0), "{}", retry.output());
    stage.send_orders(1, 200, 10);
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (62, 0));
    stage.reckon().await;

    let service = Service::start(&stage).await;
    let order = service.ask("/orders/refused").await;
    assert_eq!(order["offset"], 1);
    let day = "start_date=2020-09-01&end_date=2020-09-01";
    let value = service.ask(&format!("/orders/value?{day}")).await;
    assert_eq!(value["data"][0]["orders"], 62);
    let sales = service
        .ask(&format!("/sales/province?{day}&province=idaho"))
        .await;
    assert_eq!(sales["data"][0]["orders"], 62);
    let top = service
        .ask(&format!("/customers/top?{day}&count=100"))
        .await;
    let customer = top["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["customer_id"] == "customer-7")
        .unwrap();
    let history = service.ask("/customers/customer-7/orders?limit=100").await;
    let orders = history["data"].as_array().unwrap();
    assert!(orders.iter().any(|order| order["event_id"] == "refused"));
    assert_eq!(customer["orders"], orders.len());
    let rejected = service.ask("/rejected-events").await;
    assert_eq!(rejected["data"].as_array().unwrap().len(), 0);
}
