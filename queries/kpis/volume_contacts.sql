-- How often were residents in touch, through which channel?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(*) AS numerator,
    CAST(NULL AS BIGINT) AS denominator
FROM contact_demands
WHERE NOT is_part
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
