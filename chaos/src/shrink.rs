//! Looks for less that fails too: one step after the other is left out, and stays out where the
//! rest still fails.

use crate::schedule::Schedule;

/// The schedule without its `number`-th step, counted through the lanes; nothing past the last.
#[must_use]
pub fn without(schedule: &Schedule, number: usize) -> Option<Schedule> {
    let mut less = schedule.clone();
    let mut number = number;
    let left_out = leave_out(&mut less.consumer_faults, &mut number)
        || leave_out(&mut less.database_faults, &mut number)
        || leave_out(&mut less.connection_faults, &mut number)
        || leave_out(&mut less.broker_faults, &mut number)
        || leave_out(&mut less.acts, &mut number);
    left_out.then_some(less)
}

fn leave_out<T>(lane: &mut Vec<T>, number: &mut usize) -> bool {
    if *number < lane.len() {
        lane.remove(*number);
        return true;
    }
    *number -= lane.len();
    false
}

/// Leaves out what `fails` does not need.
pub async fn shrink(
    schedule: &Schedule,
    mut fails: impl AsyncFnMut(&Schedule) -> bool,
) -> Schedule {
    let mut smallest = schedule.clone();
    let mut number = 0;
    while let Some(less) = without(&smallest, number) {
        if fails(&less).await {
            smallest = less;
        } else {
            number += 1;
        }
    }
    smallest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn what_the_failure_needs_stays_and_the_rest_goes() {
        let mut all = 0;
        for seed in 0..100 {
            let schedule = Schedule::draw(seed);
            let names = schedule.names();
            all += names.len();
            let Some(needed) = names.last().cloned() else {
                assert_eq!(shrink(&schedule, async |_| true).await, schedule);
                continue;
            };
            let smallest = shrink(&schedule, async |less| less.names().contains(&needed)).await;
            assert_eq!(smallest.names(), [needed]);
        }
        assert!(all > 200);
    }
}
