-- Where did each measure stand before, in which slice, and is that known at all?
WITH statements AS (
    SELECT
        kpi, array_to_string(array_sort(dimensions), ', ') AS slice, value, unit, period, status, source_doc,
        row_number() OVER (
            PARTITION BY kpi, array_to_string(array_sort(dimensions), ', ')
            ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'baseline_set'
)
SELECT kpi, slice, value, unit, period, status, source_doc
FROM statements
WHERE age = 1
