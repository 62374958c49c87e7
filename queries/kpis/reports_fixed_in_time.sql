-- Which share of the reports that residents made was fixed within four weeks?
SELECT
    interval_start, local_date, service_area, service_class, channel, subject_group,
    count(*) FILTER (
        WHERE CAST(fixed_at AS BIGINT) - CAST(confirmed_at AS BIGINT) <= $window_days * 86400000000
    ) AS numerator,
    count(*) AS denominator
FROM reports
WHERE is_made AND NOT is_duplicate AND state <> 'not responsible'
GROUP BY interval_start, local_date, service_area, service_class, channel, subject_group
