-- $1 zone, $2 first day, $3 last day, $4 currency or null, $5 by billing address,
-- $6 province or null, $7 country or null, $8 what counts as blank
WITH addressed AS (
    SELECT
        event_id,
        currency,
        order_value,
        product_ids,
        quantities,
        btrim(CASE WHEN own THEN billing_country ELSE shipping_country END, $8) AS country,
        btrim(CASE WHEN own THEN billing_province ELSE shipping_province END, $8) AS province,
        btrim(CASE WHEN own THEN billing_country_code ELSE shipping_country_code END, $8)
            AS country_code,
        btrim(CASE WHEN own THEN billing_province_code ELSE shipping_province_code END, $8)
            AS province_code
    FROM (SELECT *, $5::boolean AND NOT billing_same AS own FROM orders) AS orders
    WHERE (created_at AT TIME ZONE $1::text)::date BETWEEN $2 AND $3
      AND ($4::text IS NULL OR currency = $4)
),
included AS (
    SELECT *
    FROM addressed
    WHERE (
        $6::text IS NULL
        OR lower(btrim($6, $8) COLLATE "und-x-icu") IN (
            lower(province COLLATE "und-x-icu"),
            lower(province_code COLLATE "und-x-icu"),
            lower(nullif(country_code, '') || '-' || nullif(province_code, '') COLLATE "und-x-icu")
        )
    ) AND (
        $7::text IS NULL
        OR lower(btrim($7, $8) COLLATE "und-x-icu") IN (
            lower(country COLLATE "und-x-icu"),
            lower(country_code COLLATE "und-x-icu")
        )
    )
),
units AS (
    SELECT country, province, currency, item.product_id, sum(item.quantity)::bigint AS quantity
    FROM included
    CROSS JOIN LATERAL unnest(product_ids, quantities) AS item (product_id, quantity)
    GROUP BY country, province, currency, item.product_id
)
SELECT
    places.*,
    coalesce(sold.units, 0) AS units,
    coalesce(sold.products, '[]') AS products
FROM (
    SELECT
        country,
        province,
        currency,
        count(*) AS orders,
        trunc(sum(order_value) * 10000)::text AS order_value,
        sum(order_value) AS value
    FROM included
    GROUP BY country, province, currency
) AS places
LEFT JOIN LATERAL (
    SELECT
        sum(quantity)::bigint AS units,
        jsonb_agg(
            jsonb_build_object('product_id', product_id, 'quantity', quantity)
            ORDER BY quantity DESC, product_id COLLATE "C"
        ) AS products
    FROM units
    WHERE (units.country, units.province, units.currency)
        IS NOT DISTINCT FROM (places.country, places.province, places.currency)
) AS sold ON true
ORDER BY
    currency COLLATE "C",
    value DESC,
    country COLLATE "C" NULLS LAST,
    province COLLATE "C" NULLS LAST
