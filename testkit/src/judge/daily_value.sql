-- $1 zone, $2 first day, $3 last day
WITH included AS (
    SELECT *, (created_at AT TIME ZONE $1::text)::date AS date
    FROM orders
    WHERE (created_at AT TIME ZONE $1::text)::date BETWEEN $2 AND $3
)
SELECT
    to_char(day, 'YYYY-MM-DD') AS date,
    currencies.currency,
    count(included.event_id) AS orders,
    trunc(coalesce(sum(order_value), 0) * 10000)::text AS order_value,
    trunc(coalesce(sum(total_discounts), 0) * 10000)::text AS total_discounts,
    trunc(coalesce(sum(total_tax), 0) * 10000)::text AS total_tax
FROM generate_series($2::date::timestamp, $3::date::timestamp, interval '1 day') AS day
CROSS JOIN (SELECT DISTINCT currency FROM included) AS currencies
LEFT JOIN included
    ON included.date = day::date AND included.currency = currencies.currency
GROUP BY day, currencies.currency
ORDER BY day, currencies.currency COLLATE "C"
