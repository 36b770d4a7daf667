//! Pages of other origins.

use reqwest::Method;

use crate::support::Shop;

const PREFLIGHT: [(&str, &str); 3] = [
    ("origin", "https://shop.example"),
    ("access-control-request-method", "GET"),
    ("access-control-request-headers", "authorization"),
];

#[tokio::test]
async fn pages_of_other_origins_may_read_only_where_they_are_allowed() {
    let closed = Shop::open().await;
    let reply = closed.api.get_with("/orders", &PREFLIGHT[..1]).await;
    assert_eq!(reply.status, 200);
    assert!(reply.headers.get("access-control-allow-origin").is_none());

    let flags = [
        "--cors-allowed-origins",
        "https://shop.example,http://localhost:3000",
    ];
    let open = Shop::open_with(&flags).await;
    let reply = open.api.get_with("/orders", &PREFLIGHT[..1]).await;
    assert_eq!(
        reply.header("access-control-allow-origin"),
        "https://shop.example"
    );
    let exposed = reply.header("access-control-expose-headers");
    for name in ["etag", "link", "ordertally-position"] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
    let asked = open.api.send(Method::OPTIONS, "/orders", &PREFLIGHT).await;
    assert_eq!(asked.status, 200);
    assert!(
        asked
            .header("access-control-allow-headers")
            .contains("authorization")
    );
    let stranger = [("origin", "https://evil.example")];
    let reply = open.api.get_with("/orders", &stranger).await;
    assert!(reply.headers.get("access-control-allow-origin").is_none());
}
