-- $1 zone, $2 first day, $3 last day, $4 currency or null, $5 marketing or null, $6 how many
SELECT *
FROM (
    SELECT
        currency,
        row_number() OVER (
            PARTITION BY currency ORDER BY sum(order_value) DESC, customer_id COLLATE "C"
        ) AS rank,
        customer_id,
        (array_agg(email ORDER BY created_at DESC, event_id COLLATE "C" DESC))[1] AS email,
        (array_agg(first_name ORDER BY created_at DESC, event_id COLLATE "C" DESC))[1]
            AS first_name,
        (array_agg(last_name ORDER BY created_at DESC, event_id COLLATE "C" DESC))[1]
            AS last_name,
        count(*) AS orders,
        trunc(sum(order_value) * 10000)::text AS order_value
    FROM orders
    WHERE (created_at AT TIME ZONE $1::text)::date BETWEEN $2 AND $3
      AND ($4::text IS NULL OR currency = $4)
      AND ($5::boolean IS NULL OR buyer_accepts_marketing = $5)
    GROUP BY currency, customer_id
) AS ranked
WHERE rank <= $6
ORDER BY currency COLLATE "C", rank
