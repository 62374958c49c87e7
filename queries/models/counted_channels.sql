-- How many contacts were counted on channels that send no events, in which period?
-- The newest statement for a channel, a place and a period holds. Periods may overlap, such as a
-- month and its year: they are not to be added up.
WITH statements AS (
    SELECT
        channel, coalesce(place, '(all)') AS place, first_day, last_day, contacts, published_as, source_doc,
        row_number() OVER (
            PARTITION BY channel, coalesce(place, '(all)'), first_day, last_day
            ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'volume_counted'
)
SELECT channel, place, first_day, last_day, contacts, published_as, source_doc
FROM statements
WHERE age = 1
