-- The orders of a commit as columns: what the analytics answers are made from.

CREATE TABLE order_facts (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    first_ordinal bigint NOT NULL,
    next_ordinal bigint NOT NULL,
    created_at_us bigint[] NOT NULL,
    customer_ids text[] NOT NULL,
    currencies text[] NOT NULL,
    order_values bigint[] NOT NULL,
    total_discounts bigint[] NOT NULL,
    total_taxes bigint[] NOT NULL,
    accepts_marketing boolean[] NOT NULL,
    shipping_provinces text[] NOT NULL,
    shipping_province_codes text[] NOT NULL,
    shipping_countries text[] NOT NULL,
    shipping_country_codes text[] NOT NULL,
    billing_provinces text[] NOT NULL,
    billing_province_codes text[] NOT NULL,
    billing_countries text[] NOT NULL,
    billing_country_codes text[] NOT NULL,
    item_counts integer[] NOT NULL,
    product_ids text[] NOT NULL,
    quantities integer[] NOT NULL,
    committed_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, first_ordinal),
    CHECK (first_ordinal < next_ordinal)
);
-- pglz costs the writer more than the disk it saves; see ARCHITECTURE.md.
ALTER TABLE order_facts
    ALTER COLUMN created_at_us SET STORAGE EXTERNAL,
    ALTER COLUMN customer_ids SET STORAGE EXTERNAL,
    ALTER COLUMN currencies SET STORAGE EXTERNAL,
    ALTER COLUMN order_values SET STORAGE EXTERNAL,
    ALTER COLUMN total_discounts SET STORAGE EXTERNAL,
    ALTER COLUMN total_taxes SET STORAGE EXTERNAL,
    ALTER COLUMN accepts_marketing SET STORAGE EXTERNAL,
    ALTER COLUMN shipping_provinces SET STORAGE EXTERNAL,
    ALTER COLUMN shipping_province_codes SET STORAGE EXTERNAL,
    ALTER COLUMN shipping_countries SET STORAGE EXTERNAL,
    ALTER COLUMN shipping_country_codes SET STORAGE EXTERNAL,
    ALTER COLUMN billing_provinces SET STORAGE EXTERNAL,
    ALTER COLUMN billing_province_codes SET STORAGE EXTERNAL,
    ALTER COLUMN billing_countries SET STORAGE EXTERNAL,
    ALTER COLUMN billing_country_codes SET STORAGE EXTERNAL,
    ALTER COLUMN item_counts SET STORAGE EXTERNAL,
    ALTER COLUMN product_ids SET STORAGE EXTERNAL,
    ALTER COLUMN quantities SET STORAGE EXTERNAL;
COMMENT ON TABLE order_facts IS 'One row a commit (or several merged): its orders as parallel arrays, in the order of their ordinals.';
COMMENT ON COLUMN order_facts.topic IS 'Kafka topic.';
COMMENT ON COLUMN order_facts.partition IS 'Kafka partition.';
COMMENT ON COLUMN order_facts.first_ordinal IS 'Ordinal of the first order in the arrays.';
COMMENT ON COLUMN order_facts.next_ordinal IS 'Ordinal after the last.';
COMMENT ON COLUMN order_facts.created_at_us IS 'Time of each order, microseconds since 1970.';
COMMENT ON COLUMN order_facts.customer_ids IS 'Customer of each order.';
COMMENT ON COLUMN order_facts.currencies IS 'Currency of each order.';
COMMENT ON COLUMN order_facts.order_values IS 'Value of each order, in ten-thousandths of the currency''s unit.';
COMMENT ON COLUMN order_facts.total_discounts IS 'Discounts of each order, in ten-thousandths.';
COMMENT ON COLUMN order_facts.total_taxes IS 'Taxes of each order, in ten-thousandths.';
COMMENT ON COLUMN order_facts.accepts_marketing IS 'Whether the buyer accepts marketing.';
COMMENT ON COLUMN order_facts.shipping_provinces IS 'Province of each shipping address, as stored.';
COMMENT ON COLUMN order_facts.shipping_province_codes IS 'Its code, or null.';
COMMENT ON COLUMN order_facts.shipping_countries IS 'Country of each shipping address, as stored.';
COMMENT ON COLUMN order_facts.shipping_country_codes IS 'Its code, or null.';
COMMENT ON COLUMN order_facts.billing_provinces IS 'Province of each billing address, or null.';
COMMENT ON COLUMN order_facts.billing_province_codes IS 'Its code, or null.';
COMMENT ON COLUMN order_facts.billing_countries IS 'Country of each billing address, or null.';
COMMENT ON COLUMN order_facts.billing_country_codes IS 'Its code, or null.';
COMMENT ON COLUMN order_facts.item_counts IS 'Line items of each order.';
COMMENT ON COLUMN order_facts.product_ids IS 'Products of all line items, one order after the other.';
COMMENT ON COLUMN order_facts.quantities IS 'Units of all line items, parallel to product_ids.';
COMMENT ON COLUMN order_facts.committed_at IS 'Time of the (newest merged) transaction that stored the orders.';

CREATE TABLE facts_generation (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    generation bigint NOT NULL
);
INSERT INTO facts_generation (generation) VALUES (1);
COMMENT ON TABLE facts_generation IS 'One row: which writing of the facts this is.';
COMMENT ON COLUMN facts_generation.only_one IS 'Always true, so that there is one row.';
COMMENT ON COLUMN facts_generation.generation IS 'Raised by whatever rewrites facts, in its own transaction; readers then read anew.';

CREATE VIEW order_facts_rows AS
SELECT
    facts.topic,
    facts.partition,
    facts.first_ordinal + fact.place - 1 AS ordinal,
    to_timestamp(0) + fact.created_at_us * interval '1 microsecond' AS created_at,
    fact.customer_id,
    fact.currency,
    (fact.order_value::numeric / 10000)::numeric(18, 4) AS order_value,
    (fact.total_discount::numeric / 10000)::numeric(18, 4) AS total_discounts,
    (fact.total_tax::numeric / 10000)::numeric(18, 4) AS total_tax,
    fact.accepts_marketing,
    fact.shipping_province,
    fact.shipping_province_code,
    fact.shipping_country,
    fact.shipping_country_code,
    fact.billing_province,
    fact.billing_province_code,
    fact.billing_country,
    fact.billing_country_code,
    facts.product_ids[fact.items_next - fact.item_count + 1:fact.items_next] AS product_ids,
    facts.quantities[fact.items_next - fact.item_count + 1:fact.items_next] AS quantities,
    facts.committed_at
FROM order_facts AS facts
CROSS JOIN LATERAL (
    SELECT
        row.*,
        sum(row.item_count) OVER (ORDER BY row.place)::integer AS items_next
    FROM unnest(
        facts.created_at_us, facts.customer_ids, facts.currencies, facts.order_values,
        facts.total_discounts, facts.total_taxes, facts.accepts_marketing,
        facts.shipping_provinces, facts.shipping_province_codes,
        facts.shipping_countries, facts.shipping_country_codes,
        facts.billing_provinces, facts.billing_province_codes,
        facts.billing_countries, facts.billing_country_codes,
        facts.item_counts
    ) WITH ORDINALITY AS row (
        created_at_us, customer_id, currency, order_value,
        total_discount, total_tax, accepts_marketing,
        shipping_province, shipping_province_code,
        shipping_country, shipping_country_code,
        billing_province, billing_province_code,
        billing_country, billing_country_code,
        item_count, place
    )
) AS fact;
COMMENT ON VIEW order_facts_rows IS 'The facts with one row an order, for people who write SQL.';
COMMENT ON COLUMN order_facts_rows.topic IS 'Kafka topic.';
COMMENT ON COLUMN order_facts_rows.partition IS 'Kafka partition.';
COMMENT ON COLUMN order_facts_rows.ordinal IS 'Ordinal of the order in its partition.';
COMMENT ON COLUMN order_facts_rows.created_at IS 'When the order was made.';
COMMENT ON COLUMN order_facts_rows.customer_id IS 'The customer.';
COMMENT ON COLUMN order_facts_rows.currency IS 'ISO 4217 code of the three amounts.';
COMMENT ON COLUMN order_facts_rows.order_value IS 'Value of the order.';
COMMENT ON COLUMN order_facts_rows.total_discounts IS 'Sum of its discounts.';
COMMENT ON COLUMN order_facts_rows.total_tax IS 'Sum of its taxes.';
COMMENT ON COLUMN order_facts_rows.accepts_marketing IS 'Whether the buyer accepts marketing.';
COMMENT ON COLUMN order_facts_rows.shipping_province IS 'Province of the shipping address.';
COMMENT ON COLUMN order_facts_rows.shipping_province_code IS 'Its code.';
COMMENT ON COLUMN order_facts_rows.shipping_country IS 'Country of the shipping address.';
COMMENT ON COLUMN order_facts_rows.shipping_country_code IS 'Its code.';
COMMENT ON COLUMN order_facts_rows.billing_province IS 'Province of the billing address.';
COMMENT ON COLUMN order_facts_rows.billing_province_code IS 'Its code.';
COMMENT ON COLUMN order_facts_rows.billing_country IS 'Country of the billing address.';
COMMENT ON COLUMN order_facts_rows.billing_country_code IS 'Its code.';
COMMENT ON COLUMN order_facts_rows.product_ids IS 'Products of the line items.';
COMMENT ON COLUMN order_facts_rows.quantities IS 'Units of each line item.';
COMMENT ON COLUMN order_facts_rows.committed_at IS 'When the order was stored.';
