-- What was done that may move the measures, when, and which measures?
-- The newest statement of a name holds, so a date can be put right.
WITH statements AS (
    SELECT
        name, happened_on, affects, source_doc,
        row_number() OVER (
            PARTITION BY name ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'intervention_logged'
)
SELECT name, happened_on, affects, source_doc
FROM statements
WHERE age = 1
