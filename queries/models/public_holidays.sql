-- Which days are public holidays, in which part of the country?
-- The newest calendar of a part stands for all its years, so a day that it lacks is none.
WITH calendars AS (
    SELECT
        division, dates,
        row_number() OVER (
            PARTITION BY division ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
        ) AS age
    FROM reference_events
    WHERE event_type = 'calendar_loaded'
)
SELECT DISTINCT division, arrow_cast(holiday, 'Date32') AS holiday
FROM (SELECT division, unnest(dates) AS holiday FROM calendars WHERE age = 1) AS each_day
