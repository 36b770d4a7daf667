WITH added AS (
    SELECT
        orders.*,
        CASE WHEN billing_same THEN shipping_province ELSE billing_province END AS b_province,
        CASE WHEN billing_same
            THEN shipping_province_code ELSE billing_province_code END AS b_province_code,
        CASE WHEN billing_same THEN shipping_country ELSE billing_country END AS b_country,
        CASE WHEN billing_same
            THEN shipping_country_code ELSE billing_country_code END AS b_country_code
    FROM orders
    WHERE event_id = ANY($1)
),
items AS (
    SELECT "offset", product_id, quantity, place
    FROM added
    CROSS JOIN LATERAL unnest(product_ids, quantities)
        WITH ORDINALITY AS item (product_id, quantity, place)
)
INSERT INTO order_facts
SELECT
    'orders',
    0,
    max(position.facts_next) - count(*),
    max(position.facts_next),
    array_agg((extract(epoch FROM created_at) * 1000000)::bigint ORDER BY "offset"),
    array_agg(customer_id ORDER BY "offset"),
    array_agg(currency ORDER BY "offset"),
    array_agg((order_value * 10000)::bigint ORDER BY "offset"),
    array_agg((total_discounts * 10000)::bigint ORDER BY "offset"),
    array_agg((total_tax * 10000)::bigint ORDER BY "offset"),
    array_agg(buyer_accepts_marketing ORDER BY "offset"),
    array_agg(shipping_province ORDER BY "offset"),
    array_agg(shipping_province_code ORDER BY "offset"),
    array_agg(shipping_country ORDER BY "offset"),
    array_agg(shipping_country_code ORDER BY "offset"),
    array_agg(b_province ORDER BY "offset"),
    array_agg(b_province_code ORDER BY "offset"),
    array_agg(b_country ORDER BY "offset"),
    array_agg(b_country_code ORDER BY "offset"),
    array_agg(cardinality(product_ids) ORDER BY "offset"),
    ARRAY(SELECT product_id FROM items ORDER BY "offset", place),
    ARRAY(SELECT quantity FROM items ORDER BY "offset", place),
    now()
FROM added
CROSS JOIN (SELECT facts_next FROM partition_positions WHERE partition = 0) AS position
