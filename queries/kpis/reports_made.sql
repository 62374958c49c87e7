-- How many reports did residents make?
SELECT
    interval_start, local_date, service_area, service_class, channel, subject_group,
    count(*) AS numerator,
    CAST(NULL AS BIGINT) AS denominator
FROM reports
WHERE is_made
GROUP BY interval_start, local_date, service_area, service_class, channel, subject_group
