-- What should each measure reach, in which slice, from when?
WITH statements AS (
    SELECT
        kpi, array_to_string(array_sort(dimensions), ', ') AS slice, effective_from, value, unit, direction, status,
        row_number() OVER (
            PARTITION BY kpi, array_to_string(array_sort(dimensions), ', '), effective_from
            ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'target_set'
)
SELECT
    kpi,
    slice,
    effective_from,
    lead(effective_from) OVER (PARTITION BY kpi, slice ORDER BY effective_from) AS effective_until,
    value, unit, direction, status
FROM statements
WHERE age = 1
