-- How many of the reports that residents made were fixed?
SELECT
    fixed_interval_start AS interval_start, fixed_local_date AS local_date, service_area, service_class, channel, subject_group,
    count(*) AS numerator,
    CAST(NULL AS BIGINT) AS denominator
FROM reports
WHERE is_made AND fixed_at IS NOT NULL
GROUP BY fixed_interval_start, fixed_local_date, service_area, service_class, channel, subject_group
