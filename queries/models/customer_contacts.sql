-- When was this resident in touch about the same subject before, and when again, whatever the channel?
-- A contact that carries several tokens (a number and an account) has a row for each.
WITH each_token AS (
    SELECT
        unnest(customer_tokens) AS customer_token,
        source, contact_kind, contact_id, started_at,
        interval_start, local_date, queue, service_area, service_class, channel, subject_group, local_month
    FROM contact_demands
    WHERE was_received AND NOT is_part AND customer_tokens IS NOT NULL
)
SELECT
    customer_token, subject_group, source, contact_kind, contact_id, started_at,
    lag(started_at) OVER in_order AS previous_started_at,
    lead(started_at) OVER in_order AS next_started_at,
    interval_start, local_date, queue, service_area, service_class, channel, local_month
FROM each_token
WINDOW in_order AS (PARTITION BY customer_token, subject_group ORDER BY started_at, source, contact_id)
