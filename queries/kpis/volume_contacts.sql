-- How many calls were made?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(*) AS numerator,
    CAST(NULL AS BIGINT) AS denominator
FROM calls
WHERE is_inbound_call
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
