-- Which days are public holidays, in which part of the country?
SELECT DISTINCT division, arrow_cast(holiday, 'Date32') AS holiday
FROM (
    SELECT division, unnest(dates) AS holiday
    FROM reference_events
    WHERE event_type = 'calendar_loaded'
) AS each_day
