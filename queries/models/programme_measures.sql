-- What did each report give as target, baseline and current value of its measures, in its own words?
-- The newest statement about a measure of a report holds. Nothing here is measured.
WITH statements AS (
    SELECT
        report, number, measure, target_published, target_status, baseline_published, baseline_status,
        current_published, current_status, comment, reading, kpi,
        row_number() OVER (
            PARTITION BY report, number
            ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'measure_published'
)
SELECT
    report, number, measure, target_published, target_status, baseline_published, baseline_status,
    current_published, current_status, comment, reading, kpi
FROM statements
WHERE age = 1
