INSERT INTO peer_orders (
    event_id, event_version, created_at, customer_id, email, first_name, last_name, billing_same,
    billing_first_name, billing_last_name, billing_address1, billing_address2, billing_city,
    billing_province, billing_province_code, billing_country, billing_country_code, billing_zip,
    billing_phone,
    shipping_first_name, shipping_last_name, shipping_address1, shipping_address2, shipping_city,
    shipping_province, shipping_province_code, shipping_country, shipping_country_code, shipping_zip,
    shipping_phone,
    currency, financial_status, order_value, total_discounts, total_tax, discount_codes,
    buyer_accepts_marketing, product_ids, quantities
)
SELECT
    event_id, event_version, created_at, lovevery_user_id, email, first_name, last_name,
    billing_address IS NOT DISTINCT FROM shipping_address,
    (billing).first_name, (billing).last_name, (billing).address1, (billing).address2, (billing).city,
    (billing).province, (billing).province_code, (billing).country, (billing).country_code,
    (billing).zip, (billing).phone,
    (shipping_address).first_name, (shipping_address).last_name, (shipping_address).address1,
    (shipping_address).address2, (shipping_address).city, (shipping_address).province,
    (shipping_address).province_code, (shipping_address).country, (shipping_address).country_code,
    (shipping_address).zip, (shipping_address).phone,
    currency, financial_status, order_value, total_discounts, total_tax, discount_codes,
    buyer_accepts_marketing, line_items, ''
FROM
    json_to_recordset($1::text::json) AS event (
        event_id text,
        event_version text,
        created_at timestamptz,
        lovevery_user_id text,
        email text,
        first_name text,
        last_name text,
        billing_address peer_address,
        shipping_address peer_address,
        currency text,
        financial_status text,
        order_value numeric,
        total_discounts numeric,
        total_tax numeric,
        discount_codes text,
        buyer_accepts_marketing boolean,
        line_items text
    ),
    LATERAL (
        SELECT CASE
            WHEN billing_address IS DISTINCT FROM shipping_address THEN billing_address
        END AS billing
    ) AS other
ON CONFLICT DO NOTHING
