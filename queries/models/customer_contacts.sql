-- When was this resident in touch about the same subject before, and when again, whatever the channel?
-- A contact that carries several tokens (a number and an account) has a row for each. What is more than 28
-- days away is neither before nor after: no measure looks further, and old days stay as they are.
WITH each_token AS (
    SELECT
        unnest(customer_tokens) AS customer_token,
        source, contact_kind, contact_id, started_at,
        interval_start, local_date, queue, service_area, service_class, channel, subject_group, local_month,
        started_month
    FROM contact_demands
    WHERE was_received AND NOT is_part AND customer_tokens IS NOT NULL
),
in_order AS (
    SELECT *,
        lag(started_at) OVER in_order AS before_at,
        lead(started_at) OVER in_order AS after_at
    FROM each_token
    WINDOW in_order AS (PARTITION BY customer_token, subject_group ORDER BY started_at, source, contact_id)
)
SELECT
    customer_token, subject_group, source, contact_kind, contact_id, started_at,
    CASE WHEN CAST(started_at AS BIGINT) - CAST(before_at AS BIGINT) <= 28 * 86400000000 THEN before_at END
        AS previous_started_at,
    CASE WHEN CAST(after_at AS BIGINT) - CAST(started_at AS BIGINT) <= 28 * 86400000000 THEN after_at END
        AS next_started_at,
    interval_start, local_date, queue, service_area, service_class, channel, local_month, started_month
FROM in_order
