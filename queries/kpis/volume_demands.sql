-- How many matters did residents bring, through which channel first?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(*) AS numerator,
    CAST(NULL AS BIGINT) AS denominator
FROM contact_demands
WHERE is_first
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
