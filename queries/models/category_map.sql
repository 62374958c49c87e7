-- What is each category of a form or a report about, and whose is it, from when?
-- The newest statement for a category and a day holds.
WITH statements AS (
    SELECT
        category_system, category, effective_from, subject_group, service_area, social_care,
        row_number() OVER (
            PARTITION BY category_system, category, effective_from
            ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'category_mapped'
)
SELECT
    category_system,
    category,
    effective_from,
    lead(effective_from) OVER (PARTITION BY category_system, category ORDER BY effective_from) AS effective_until,
    subject_group,
    service_area,
    CASE WHEN social_care THEN 'social_care' ELSE 'other' END AS service_class
FROM statements
WHERE age = 1
