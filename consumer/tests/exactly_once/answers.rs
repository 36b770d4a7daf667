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

use crate::stage::{SOON, Stage};

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
