-- The additive measures by local month: parts summed, to be divided last.
SELECT
    kpi, definition_version, first_of_month(local_date) AS month,
    service_area, service_class, queue, channel, subject_group,
    sum(numerator) AS numerator, sum(denominator) AS denominator,
    CASE WHEN bool_or(status = 'provisional') THEN 'provisional' ELSE 'final' END AS status
FROM kpi_daily
GROUP BY kpi, definition_version, first_of_month(local_date), service_area, service_class, queue, channel, subject_group
