-- How long did an answered call keep an agent busy?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    sum(handle_ms) AS numerator,
    count(*) AS denominator
FROM calls
WHERE is_inbound_call AND outcome = 'answered' AND handle_ms IS NOT NULL
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
