-- Which channels of which call centres do the numbers speak for, from when?
-- The newest statement for a call centre, a channel and a day holds.
WITH statements AS (
    SELECT
        call_centre, channel, effective_from, in_scope, observed_by, source_doc,
        row_number() OVER (
            PARTITION BY call_centre, channel, effective_from
            ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'coverage_declared'
)
SELECT
    call_centre,
    channel,
    effective_from,
    lead(effective_from) OVER (PARTITION BY call_centre, channel ORDER BY effective_from) AS effective_until,
    in_scope, observed_by, source_doc
FROM statements
WHERE age = 1
