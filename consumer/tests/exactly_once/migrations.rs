//! The database's structure, made by whoever comes first.

use crate::stage::Stage;

#[tokio::test]
async fn three_consumers_that_migrate_at_once_on_an_empty_database_all_work() {
    let stage = Stage::new(3).await;
    stage.send_orders(3, 0, 100);
    let mut consumers = [stage.consumer(), stage.consumer(), stage.consumer()];
    stage.caught_up().await;
    for consumer in &mut consumers {
        assert!(consumer.runs(), "{}", consumer.output());
        assert!(consumer.stop().await.success());
    }
    assert_eq!(stage.counts().await, (300, 0));
    stage.reckon().await;
}
