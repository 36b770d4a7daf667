//! Diesel's view of the tables. A test holds it against the migrated database.
#![allow(missing_docs)] // the columns' meanings are their comments in the migrations

diesel::table! {
    streams (topic) {
        topic -> Text,
        group_id -> Text,
        bound_at -> Timestamptz,
        only_one -> Bool,
    }
}

diesel::table! {
    topic_incarnations (topic, incarnation) {
        topic -> Text,
        incarnation -> Integer,
        topic_id -> Text,
        first_seen_at -> Timestamptz,
    }
}

diesel::table! {
    partition_positions (topic, partition) {
        topic -> Text,
        partition -> Integer,
        incarnation -> Integer,
        next_offset -> BigInt,
        facts_next -> BigInt,
        owner_epoch -> BigInt,
        owner_name -> Nullable<Text>,
        claimed_at -> Nullable<Timestamptz>,
        committed_at -> Nullable<Timestamptz>,
        log_end -> Nullable<BigInt>,
        log_end_at -> Nullable<Timestamptz>,
        day -> Nullable<Date>,
        day_stored -> BigInt,
        day_duplicates -> BigInt,
        day_rejected -> BigInt,
        day_ignored -> BigInt,
    }
}

diesel::table! {
    skipped_ranges (id) {
        id -> BigInt,
        topic -> Text,
        partition -> Integer,
        incarnation -> Integer,
        first_offset -> BigInt,
        next_offset -> BigInt,
        reason -> Text,
        skipped_at -> Timestamptz,
    }
}

diesel::table! {
    orders (event_id) {
        event_id -> Text,
        event_version -> Text,
        created_at -> Timestamptz,
        created_at_given -> Bool,
        customer_id -> Text,
        email -> Text,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        billing_same -> Bool,
        billing_first_name -> Nullable<Text>,
        billing_last_name -> Nullable<Text>,
        billing_address1 -> Nullable<Text>,
        billing_address2 -> Nullable<Text>,
        billing_city -> Nullable<Text>,
        billing_province -> Nullable<Text>,
        billing_province_code -> Nullable<Text>,
        billing_country -> Nullable<Text>,
        billing_country_code -> Nullable<Text>,
        billing_zip -> Nullable<Text>,
        billing_phone -> Nullable<Text>,
        shipping_first_name -> Nullable<Text>,
        shipping_last_name -> Nullable<Text>,
        shipping_address1 -> Nullable<Text>,
        shipping_address2 -> Nullable<Text>,
        shipping_city -> Nullable<Text>,
        shipping_province -> Text,
        shipping_province_code -> Nullable<Text>,
        shipping_country -> Text,
        shipping_country_code -> Nullable<Text>,
        shipping_zip -> Nullable<Text>,
        shipping_phone -> Nullable<Text>,
        currency -> Text,
        financial_status -> Text,
        order_value -> Numeric,
        total_discounts -> Numeric,
        total_tax -> Numeric,
        discount_codes -> Array<Text>,
        buyer_accepts_marketing -> Bool,
        product_ids -> Array<Text>,
        quantities -> Array<Integer>,
        content_hash -> Binary,
        topic -> Text,
        partition -> Integer,
        incarnation -> Integer,
        offset -> BigInt,
        ingested_at -> Timestamptz,
    }
}

diesel::table! {
    rejected_events (id) {
        id -> BigInt,
        topic -> Text,
        incarnation -> Integer,
        partition -> Integer,
        offset -> BigInt,
        record_timestamp_ms -> Nullable<BigInt>,
        key -> Nullable<Binary>,
        header_names -> Array<Binary>,
        header_values -> Array<Nullable<Binary>>,
        payload -> Nullable<Binary>,
        violations -> Jsonb,
        codes -> Array<Text>,
        rejected_at -> Timestamptz,
    }
}

diesel::table! {
    retried_events (rejected_id) {
        rejected_id -> BigInt,
        topic -> Text,
        incarnation -> Integer,
        partition -> Integer,
        offset -> BigInt,
        outcome -> Text,
        event_id -> Nullable<Text>,
        violations -> Jsonb,
        rejected_at -> Timestamptz,
        retried_at -> Timestamptz,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        name -> Text,
        hash -> Binary,
        scopes -> Array<Text>,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    order_facts (topic, partition, first_ordinal) {
        topic -> Text,
        partition -> Integer,
        first_ordinal -> BigInt,
        next_ordinal -> BigInt,
        created_at_us -> Array<BigInt>,
        customer_ids -> Array<Text>,
        currencies -> Array<Text>,
        order_values -> Array<BigInt>,
        total_discounts -> Array<BigInt>,
        total_taxes -> Array<BigInt>,
        accepts_marketing -> Array<Bool>,
        shipping_provinces -> Array<Text>,
        shipping_province_codes -> Array<Nullable<Text>>,
        shipping_countries -> Array<Text>,
        shipping_country_codes -> Array<Nullable<Text>>,
        billing_provinces -> Array<Nullable<Text>>,
        billing_province_codes -> Array<Nullable<Text>>,
        billing_countries -> Array<Nullable<Text>>,
        billing_country_codes -> Array<Nullable<Text>>,
        item_counts -> Array<Integer>,
        product_ids -> Array<Text>,
        quantities -> Array<Integer>,
        committed_at -> Timestamptz,
    }
}

diesel::table! {
    facts_generation (only_one) {
        only_one -> Bool,
        generation -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    streams,
    topic_incarnations,
    partition_positions,
    skipped_ranges,
    orders,
    rejected_events,
    retried_events,
    order_facts,
    facts_generation,
);
