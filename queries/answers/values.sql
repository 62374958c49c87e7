-- How did a measure go, day by day or month by month, told apart by the dimensions asked for?
-- $kpi is the measure; $by_month is 1 for months and 0 for days; $by_service_area and so on are 1 where
-- rows are told apart by it, else 0. $from_day and $to_day (days since 1970-01-01) bound the first days
-- of the periods. The value is divided last, rounded half up to four decimals.
WITH daily AS (
    SELECT
        kpi_daily.kpi, kpi_daily.definition_version, unit, settles_after_days,
        CASE $by_month WHEN 1 THEN first_of_month(local_date) ELSE local_date END AS period,
        CASE $by_service_area WHEN 1 THEN service_area ELSE '(all)' END AS service_area,
        CASE $by_service_class WHEN 1 THEN service_class ELSE '(all)' END AS service_class,
        CASE $by_queue WHEN 1 THEN queue ELSE '(all)' END AS queue,
        CASE $by_channel WHEN 1 THEN channel ELSE '(all)' END AS channel,
        CASE $by_subject_group WHEN 1 THEN subject_group ELSE '(all)' END AS subject_group,
        numerator, denominator, status
    FROM kpi_daily
    JOIN kpi_definitions
        ON kpi_definitions.kpi = kpi_daily.kpi AND kpi_definitions.definition_version = kpi_daily.definition_version
    WHERE kpi_daily.kpi = $kpi
),
summed AS (
    SELECT
        kpi, definition_version, unit, settles_after_days, period, service_area, service_class, queue, channel, subject_group,
        sum(numerator) AS numerator, sum(denominator) AS denominator,
        bool_or(status = 'provisional') AS has_provisional_days,
        CASE $by_month WHEN 1 THEN first_of_month(period + INTERVAL '31 days') - INTERVAL '1 day' ELSE period END AS last_day
    FROM daily
    WHERE CAST(period AS INT) BETWEEN $from_day AND $to_day
    GROUP BY kpi, definition_version, unit, settles_after_days, period, service_area, service_class, queue, channel, subject_group
),
measured AS (
    SELECT
        *,
        CASE unit
            WHEN 'count' THEN numerator * 10000
            WHEN 'percent' THEN (2000000 * numerator + denominator) / (2 * nullif(denominator, 0))
            -- Seconds are kept as milliseconds.
            WHEN 'seconds' THEN (20 * numerator + denominator) / (2 * nullif(denominator, 0))
        END AS ten_thousandths
    FROM summed
)
SELECT
    kpi, definition_version, period, service_area, service_class, queue, channel, subject_group,
    numerator, denominator,
    CAST(CAST(ten_thousandths AS DECIMAL(20, 0)) * CAST('0.0001' AS DECIMAL(4, 4)) AS DECIMAL(20, 4)) AS value,
    unit,
    CASE WHEN has_provisional_days OR $as_of < local_day_ends(last_day) + CAST(concat(settles_after_days, ' days') AS INTERVAL)
        THEN 'provisional' ELSE 'final' END AS status
FROM measured
ORDER BY period, service_area, service_class, queue, channel, subject_group
