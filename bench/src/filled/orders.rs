//! Which orders lie in a full database, and what that database is called. Pure.

use chrono::NaiveDate;
use ordertally_consumer::facts::LARGE;
use ordertally_replay::generate::Plan;
use ordertally_replay::settings::GenerateSettings;

use crate::programs::first_day;
use crate::settings::{CommonSettings, FillSettings};

/// What lies in the database.
#[derive(Clone, Debug)]
pub struct Orders {
    pub(super) plan: Plan,
    /// How many.
    pub count: u64,
    pub(super) partitions: i32,
    /// The first day, in UTC.
    pub start: NaiveDate,
    /// Over how many days.
    pub days: u32,
    /// Orders in a row of facts, and in the transaction that stores them.
    pub(super) row_orders: i64,
    /// Of the database: other orders lie in another.
    pub(super) name: String,
}

impl Orders {
    /// Those that the settings ask for.
    #[must_use]
    pub fn of(settings: &FillSettings, common: &CommonSettings) -> Self {
        let start = first_day();
        let customers = settings.customers();
        let plan = Plan::new(&GenerateSettings {
            orders: settings.orders,
            seed: common.seed,
            days: settings.days,
            customers,
            start,
            duplicates: 0.0,
            invalid: 0.0,
            output: None,
        });
        Self {
            plan,
            count: settings.orders,
            partitions: common.partitions,
            start,
            days: settings.days,
            row_orders: LARGE,
            name: format!(
                "orders_{}_of_{customers}_in_{}_seed_{}_by_{}",
                settings.orders, settings.days, common.seed, common.partitions
            ),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::path::PathBuf;

    pub fn settings(orders: u64) -> (FillSettings, CommonSettings) {
        let fill = FillSettings {
            orders,
            customers: None,
            days: 365,
            keep: None,
        };
        let common = CommonSettings {
            partitions: 3,
            seed: 1,
            results: PathBuf::new(),
        };
        (fill, common)
    }

    #[test]
    fn other_orders_lie_in_another_database() {
        let (fill, common) = settings(1_000);
        let name = |fill: &FillSettings, common: &CommonSettings| Orders::of(fill, common).name;
        let first = name(&fill, &common);
        assert_eq!(first, "orders_1000_of_170_in_365_seed_1_by_3");
        let others = [
            name(
                &FillSettings {
                    orders: 1_001,
                    ..fill.clone()
                },
                &common,
            ),
            name(
                &FillSettings {
                    days: 364,
                    ..fill.clone()
                },
                &common,
            ),
            name(
                &FillSettings {
                    customers: Some(9),
                    ..fill.clone()
                },
                &common,
            ),
            name(
                &fill,
                &CommonSettings {
                    seed: 2,
                    ..common.clone()
                },
            ),
            name(
                &fill,
                &CommonSettings {
                    partitions: 4,
                    ..common.clone()
                },
            ),
        ];
        assert!(others.iter().all(|other| *other != first));
        assert!(
            others.iter().all(|name| name.len() < 64),
            "Postgres cuts longer names"
        );
    }
}
