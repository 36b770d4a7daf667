-- Orders, rejected records and positions: what one batch commits together.
-- Every table carries (topic, partition), and no trigger, foreign key or second unique key is on
-- the way of a batch, so that a distributed Postgres stays a choice of deployment.

CREATE TABLE streams (
    topic text COLLATE "C" PRIMARY KEY,
    group_id text COLLATE "C" NOT NULL,
    bound_at timestamptz NOT NULL DEFAULT now(),
    only_one boolean NOT NULL DEFAULT true UNIQUE CHECK (only_one)
);
COMMENT ON TABLE streams IS 'The one topic and consumer group that this database serves.';
COMMENT ON COLUMN streams.topic IS 'Kafka topic whose records are loaded here.';
COMMENT ON COLUMN streams.group_id IS 'Kafka consumer group that loads them.';
COMMENT ON COLUMN streams.bound_at IS 'When the database was bound to the topic and the group.';
COMMENT ON COLUMN streams.only_one IS 'Always true and unique, so that there is one row at most.';

CREATE TABLE topic_incarnations (
    topic text COLLATE "C" NOT NULL,
    incarnation integer NOT NULL CHECK (incarnation >= 1),
    topic_id text COLLATE "C" NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, incarnation),
    UNIQUE (topic, topic_id)
);
COMMENT ON TABLE topic_incarnations IS 'Each topic id that the topic''s name has had: a topic that is deleted and created anew has another.';
COMMENT ON COLUMN topic_incarnations.topic IS 'Kafka topic.';
COMMENT ON COLUMN topic_incarnations.incarnation IS 'Counts the topic ids, from 1.';
COMMENT ON COLUMN topic_incarnations.topic_id IS 'The id that the broker gave the topic, in Kafka''s base64 form.';
COMMENT ON COLUMN topic_incarnations.first_seen_at IS 'When a consumer or an operator''s command first met it.';

CREATE TABLE partition_positions (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL CHECK (partition >= 0),
    incarnation integer NOT NULL CHECK (incarnation >= 1),
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    facts_next bigint NOT NULL DEFAULT 0 CHECK (facts_next >= 0),
    owner_epoch bigint NOT NULL DEFAULT 0 CHECK (owner_epoch >= 0),
    owner_name text,
    claimed_at timestamptz,
    committed_at timestamptz,
    PRIMARY KEY (topic, partition)
);
ALTER TABLE partition_positions SET (fillfactor = 50);
COMMENT ON TABLE partition_positions IS 'How far each partition has been read: the authority, ahead of any offset committed to the broker.';
COMMENT ON COLUMN partition_positions.topic IS 'Kafka topic.';
COMMENT ON COLUMN partition_positions.partition IS 'Kafka partition.';
COMMENT ON COLUMN partition_positions.incarnation IS 'The topic''s incarnation that next_offset belongs to.';
COMMENT ON COLUMN partition_positions.next_offset IS 'Every record below has had exactly one outcome.';
COMMENT ON COLUMN partition_positions.facts_next IS 'How many orders were ever stored through this partition: the ordinal of the next.';
COMMENT ON COLUMN partition_positions.owner_epoch IS 'Counts the claims; only the newest claimant may advance the partition.';
COMMENT ON COLUMN partition_positions.owner_name IS 'The newest claimant.';
COMMENT ON COLUMN partition_positions.claimed_at IS 'When the newest claim was made.';
COMMENT ON COLUMN partition_positions.committed_at IS 'When a transaction last ingested records through this partition; null before the first.';

CREATE TABLE skipped_ranges (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    incarnation integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    reason text NOT NULL,
    skipped_at timestamptz NOT NULL DEFAULT now(),
    CHECK (first_offset < next_offset)
);
COMMENT ON TABLE skipped_ranges IS 'Offsets that an operator chose to pass over without reading.';
COMMENT ON COLUMN skipped_ranges.id IS 'Identity of the entry.';
COMMENT ON COLUMN skipped_ranges.topic IS 'Kafka topic.';
COMMENT ON COLUMN skipped_ranges.partition IS 'Kafka partition.';
COMMENT ON COLUMN skipped_ranges.incarnation IS 'Incarnation of the topic that the offsets belong to.';
COMMENT ON COLUMN skipped_ranges.first_offset IS 'First offset passed over.';
COMMENT ON COLUMN skipped_ranges.next_offset IS 'First offset after the range.';
COMMENT ON COLUMN skipped_ranges.reason IS 'The command that did it.';
COMMENT ON COLUMN skipped_ranges.skipped_at IS 'When.';

CREATE TABLE orders (
    event_id text COLLATE "C" PRIMARY KEY,
    event_version text NOT NULL,
    created_at timestamptz NOT NULL,
    created_at_given boolean NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    email text NOT NULL,
    first_name text,
    last_name text,
    billing_same boolean NOT NULL,
    billing_first_name text,
    billing_last_name text,
    billing_address1 text,
    billing_address2 text,
    billing_city text,
    billing_province text,
    billing_province_code text,
    billing_country text,
    billing_country_code text,
    billing_zip text,
    billing_phone text,
    shipping_first_name text,
    shipping_last_name text,
    shipping_address1 text,
    shipping_address2 text,
    shipping_city text,
    shipping_province text NOT NULL,
    shipping_province_code text,
    shipping_country text NOT NULL,
    shipping_country_code text,
    shipping_zip text,
    shipping_phone text,
    currency text COLLATE "C" NOT NULL,
    financial_status text COLLATE "C" NOT NULL,
    order_value numeric(18, 4) NOT NULL,
    total_discounts numeric(18, 4) NOT NULL,
    total_tax numeric(18, 4) NOT NULL,
    discount_codes text[] NOT NULL,
    buyer_accepts_marketing boolean NOT NULL,
    product_ids text[] NOT NULL,
    quantities integer[] NOT NULL,
    content_hash bytea NOT NULL,
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    incarnation integer NOT NULL,
    "offset" bigint NOT NULL,
    ingested_at timestamptz NOT NULL
);
CREATE INDEX orders_by_customer_and_time ON orders (customer_id, created_at, event_id);
CREATE INDEX orders_by_time ON orders (created_at, event_id);
COMMENT ON TABLE orders IS 'One row an order: the truth that every answer can be recomputed from.';
COMMENT ON COLUMN orders.event_id IS 'Identity of the event.';
COMMENT ON COLUMN orders.event_version IS 'Semantic version of the event''s form.';
COMMENT ON COLUMN orders.created_at IS 'When the order was made: the event''s own time, else the Kafka record''s.';
COMMENT ON COLUMN orders.created_at_given IS 'Whether created_at came from the event itself.';
COMMENT ON COLUMN orders.customer_id IS 'The customer.';
COMMENT ON COLUMN orders.email IS 'The customer''s email at the time of the order.';
COMMENT ON COLUMN orders.first_name IS 'The customer''s first name; null when empty.';
COMMENT ON COLUMN orders.last_name IS 'The customer''s last name; null when empty.';
COMMENT ON COLUMN orders.billing_same IS 'The billing address equals the shipping address; the billing columns are then null.';
COMMENT ON COLUMN orders.billing_first_name IS 'Billing address: first name.';
COMMENT ON COLUMN orders.billing_last_name IS 'Billing address: last name.';
COMMENT ON COLUMN orders.billing_address1 IS 'Billing address: first line.';
COMMENT ON COLUMN orders.billing_address2 IS 'Billing address: second line.';
COMMENT ON COLUMN orders.billing_city IS 'Billing address: city.';
COMMENT ON COLUMN orders.billing_province IS 'Billing address: province or state.';
COMMENT ON COLUMN orders.billing_province_code IS 'Billing address: code of the province.';
COMMENT ON COLUMN orders.billing_country IS 'Billing address: country.';
COMMENT ON COLUMN orders.billing_country_code IS 'Billing address: code of the country.';
COMMENT ON COLUMN orders.billing_zip IS 'Billing address: postal code.';
COMMENT ON COLUMN orders.billing_phone IS 'Billing address: telephone.';
COMMENT ON COLUMN orders.shipping_first_name IS 'Shipping address: first name.';
COMMENT ON COLUMN orders.shipping_last_name IS 'Shipping address: last name.';
COMMENT ON COLUMN orders.shipping_address1 IS 'Shipping address: first line.';
COMMENT ON COLUMN orders.shipping_address2 IS 'Shipping address: second line.';
COMMENT ON COLUMN orders.shipping_city IS 'Shipping address: city.';
COMMENT ON COLUMN orders.shipping_province IS 'Shipping address: province or state.';
COMMENT ON COLUMN orders.shipping_province_code IS 'Shipping address: code of the province.';
COMMENT ON COLUMN orders.shipping_country IS 'Shipping address: country.';
COMMENT ON COLUMN orders.shipping_country_code IS 'Shipping address: code of the country.';
COMMENT ON COLUMN orders.shipping_zip IS 'Shipping address: postal code.';
COMMENT ON COLUMN orders.shipping_phone IS 'Shipping address: telephone.';
COMMENT ON COLUMN orders.currency IS 'ISO 4217 code of the three amounts.';
COMMENT ON COLUMN orders.financial_status IS 'Status of the payment.';
COMMENT ON COLUMN orders.order_value IS 'Value of the order.';
COMMENT ON COLUMN orders.total_discounts IS 'Sum of its discounts.';
COMMENT ON COLUMN orders.total_tax IS 'Sum of its taxes.';
COMMENT ON COLUMN orders.discount_codes IS 'Codes of its discounts, in the event''s order.';
COMMENT ON COLUMN orders.buyer_accepts_marketing IS 'Whether the buyer accepts marketing.';
COMMENT ON COLUMN orders.product_ids IS 'Products of the line items, in the event''s order, repetitions kept.';
COMMENT ON COLUMN orders.quantities IS 'Units of each line item, parallel to product_ids.';
COMMENT ON COLUMN orders.content_hash IS '128 bits over what the event says; decides between a duplicate and a conflict.';
COMMENT ON COLUMN orders.topic IS 'Kafka topic that the order came from.';
COMMENT ON COLUMN orders.partition IS 'Its partition.';
COMMENT ON COLUMN orders.incarnation IS 'Its topic''s incarnation.';
COMMENT ON COLUMN orders."offset" IS 'Its offset.';
COMMENT ON COLUMN orders.ingested_at IS 'When the transaction that stored it began.';

CREATE VIEW line_items AS
SELECT
    orders.event_id,
    item.line_number::integer AS line_number,
    item.product_id,
    item.quantity
FROM orders
CROSS JOIN LATERAL unnest(orders.product_ids, orders.quantities)
    WITH ORDINALITY AS item (product_id, quantity, line_number);
COMMENT ON VIEW line_items IS 'One row a line item.';
COMMENT ON COLUMN line_items.event_id IS 'The order.';
COMMENT ON COLUMN line_items.line_number IS 'Place of the item in the order, from 1.';
COMMENT ON COLUMN line_items.product_id IS 'The product.';
COMMENT ON COLUMN line_items.quantity IS 'Units.';

CREATE TABLE rejected_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    incarnation integer NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    record_timestamp_ms bigint,
    key bytea,
    header_names bytea[] NOT NULL,
    header_values bytea[] NOT NULL,
    payload bytea,
    violations jsonb NOT NULL,
    codes text[] NOT NULL,
    rejected_at timestamptz NOT NULL,
    UNIQUE (topic, incarnation, partition, "offset")
);
CREATE INDEX rejected_events_by_time ON rejected_events (rejected_at, id);
CREATE INDEX rejected_events_by_code ON rejected_events USING gin (codes);
COMMENT ON TABLE rejected_events IS 'Records that broke a rule, whole, with every violation found.';
COMMENT ON COLUMN rejected_events.id IS 'Identity of the rejection.';
COMMENT ON COLUMN rejected_events.topic IS 'Kafka topic.';
COMMENT ON COLUMN rejected_events.incarnation IS 'Its incarnation.';
COMMENT ON COLUMN rejected_events.partition IS 'Kafka partition.';
COMMENT ON COLUMN rejected_events."offset" IS 'Kafka offset.';
COMMENT ON COLUMN rejected_events.record_timestamp_ms IS 'The record''s timestamp, milliseconds since 1970; null when it has none.';
COMMENT ON COLUMN rejected_events.key IS 'The record''s key; null when it has none.';
COMMENT ON COLUMN rejected_events.header_names IS 'Names of the record''s headers, in order.';
COMMENT ON COLUMN rejected_events.header_values IS 'Values of the headers, parallel to header_names; null when a header has none.';
COMMENT ON COLUMN rejected_events.payload IS 'The record''s value; null for a tombstone.';
COMMENT ON COLUMN rejected_events.violations IS 'List of {field, code, message}.';
COMMENT ON COLUMN rejected_events.codes IS 'The distinct codes among the violations.';
COMMENT ON COLUMN rejected_events.rejected_at IS 'When the transaction that rejected it began.';

CREATE TABLE retried_events (
    rejected_id bigint PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    incarnation integer NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('stored', 'duplicate', 'ignored')),
    event_id text COLLATE "C",
    violations jsonb NOT NULL,
    rejected_at timestamptz NOT NULL,
    retried_at timestamptz NOT NULL
);
COMMENT ON TABLE retried_events IS 'Rejected records that a later retry brought to another outcome.';
COMMENT ON COLUMN retried_events.rejected_id IS 'The id that the record had in rejected_events.';
COMMENT ON COLUMN retried_events.topic IS 'Kafka topic.';
COMMENT ON COLUMN retried_events.incarnation IS 'Its incarnation.';
COMMENT ON COLUMN retried_events.partition IS 'Kafka partition.';
COMMENT ON COLUMN retried_events."offset" IS 'Kafka offset.';
COMMENT ON COLUMN retried_events.outcome IS 'What became of it.';
COMMENT ON COLUMN retried_events.event_id IS 'The order that it is, or that it repeats; null for an ignored record.';
COMMENT ON COLUMN retried_events.violations IS 'What it had been rejected for.';
COMMENT ON COLUMN retried_events.rejected_at IS 'When it had been rejected.';
COMMENT ON COLUMN retried_events.retried_at IS 'When the retry succeeded.';
