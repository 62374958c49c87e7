-- Which share of answered calls has a wrap-up code?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(resolution) AS numerator,
    count(*) AS denominator
FROM calls
WHERE is_inbound_call AND outcome = 'answered'
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
