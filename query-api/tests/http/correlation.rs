//! By what a request is found again.

use crate::support::Shop;

#[tokio::test]
async fn every_answer_carries_the_request_s_id() {
    let shop = Shop::open().await;
    for target in ["/orders", "/nope", "/livez", "/orders/value"] {
        let given = [("x-request-id", "checkout-4711")];
        let reply = shop.api.get_with(target, &given).await;
        assert_eq!(reply.header("x-request-id"), "checkout-4711", "{target}");
        let [one, other] = [
            shop.api.get(target).await,
            shop.api
                .get_with(target, &[("x-request-id", "no good")])
                .await,
        ];
        let ids = [one, other].map(|reply| reply.header("x-request-id").to_owned());
        assert_ne!(ids[0], ids[1]);
        assert!(ids.iter().all(|id| id.len() == 36), "{ids:?}");
    }
}
