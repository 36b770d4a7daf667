-- $1 zone, $2 first day, $3 last day
SELECT
    currency,
    count(*) AS orders,
    trunc(sum(order_value) * 10000)::text AS order_value,
    trunc(sum(total_discounts) * 10000)::text AS total_discounts,
    trunc(sum(total_tax) * 10000)::text AS total_tax
FROM orders
WHERE (created_at AT TIME ZONE $1::text)::date BETWEEN $2 AND $3
GROUP BY currency
ORDER BY currency COLLATE "C"
