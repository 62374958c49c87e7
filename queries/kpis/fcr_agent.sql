-- Which share of answered calls did the agent record as settled?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(*) FILTER (WHERE resolution = 'resolved' AND NOT was_transferred) AS numerator,
    count(*) AS denominator
FROM calls
WHERE is_inbound_call AND outcome = 'answered' AND resolution IS NOT NULL
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
