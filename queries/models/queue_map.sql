-- For which service does each queue answer, from when, and how fast should it?
-- The newest statement for a queue and a day holds.
WITH statements AS (
    SELECT
        queue_id, effective_from, service_area, social_care, answer_target_seconds, short_abandon_ms,
        row_number() OVER (
            PARTITION BY queue_id, effective_from
            ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'queue_mapped'
)
SELECT
    queue_id,
    effective_from,
    lead(effective_from) OVER (PARTITION BY queue_id ORDER BY effective_from) AS effective_until,
    service_area,
    CASE WHEN social_care THEN 'social_care' ELSE 'other' END AS service_class,
    answer_target_seconds * 1000 AS answer_target_ms,
    short_abandon_ms
FROM statements
WHERE age = 1
