-- How often did each value occur, day by day or month by month, told apart by the dimensions asked for?
-- Parameters as in values.sql. Values and counts are whole numbers and merge exactly.
WITH daily AS (
    SELECT
        spread.kpi, spread.definition_version, unit, settles_after_days,
        CASE $by_month WHEN 1 THEN first_of_month(local_date) ELSE local_date END AS period,
        CASE $by_service_area WHEN 1 THEN service_area ELSE '(all)' END AS service_area,
        CASE $by_service_class WHEN 1 THEN service_class ELSE '(all)' END AS service_class,
        CASE $by_queue WHEN 1 THEN queue ELSE '(all)' END AS queue,
        CASE $by_channel WHEN 1 THEN channel ELSE '(all)' END AS channel,
        CASE $by_subject_group WHEN 1 THEN subject_group ELSE '(all)' END AS subject_group,
        value, count, status
    FROM kpi_distribution AS spread
    JOIN kpi_definitions
        ON kpi_definitions.kpi = spread.kpi AND kpi_definitions.definition_version = spread.definition_version
    WHERE spread.kpi = $kpi
),
summed AS (
    SELECT
        kpi, definition_version, unit, settles_after_days, period, service_area, service_class, queue, channel, subject_group, value,
        sum(count) AS count,
        bool_or(status = 'provisional') AS has_provisional_days,
        CASE $by_month WHEN 1 THEN first_of_month(period + INTERVAL '31 days') - INTERVAL '1 day' ELSE period END AS last_day
    FROM daily
    WHERE CAST(period AS INT) BETWEEN $from_day AND $to_day
    GROUP BY kpi, definition_version, unit, settles_after_days, period, service_area, service_class, queue, channel, subject_group, value
)
SELECT
    kpi, definition_version, period, service_area, service_class, queue, channel, subject_group, value, count, unit,
    CASE WHEN has_provisional_days OR $as_of < local_day_ends(last_day) + CAST(concat(settles_after_days, ' days') AS INTERVAL)
        THEN 'provisional' ELSE 'final' END AS status
FROM summed
ORDER BY period, service_area, service_class, queue, channel, subject_group, value
