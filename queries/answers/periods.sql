-- What are the parts of a measure that is measured by month as a whole?
-- $kpi is the measure; $from_day and $to_day (days since 1970-01-01) bound the first days of the months.
-- A share and its change are per cent and percentage points, all else is in the measure's unit. The value
-- is divided last, rounded half away from zero to four decimals; shown_value likewise to one.
WITH parts AS (
    SELECT
        kpi_period.kpi, kpi_period.definition_version, local_month AS period,
        service_area, service_class, queue, channel, subject_group, part, numerator, denominator, status,
        CASE WHEN part LIKE 'share_change%' THEN 'percentage_points' ELSE unit END AS unit,
        CASE WHEN part LIKE 'share%' THEN 100 ELSE 1 END AS per,
        CASE WHEN numerator < 0 THEN -1 ELSE 1 END AS sign,
        sum(CASE part WHEN 'share' THEN numerator END) OVER (PARTITION BY channel) AS in_all
    FROM kpi_period
    JOIN kpi_definitions
        ON kpi_definitions.kpi = kpi_period.kpi
        AND kpi_definitions.definition_version = kpi_period.definition_version
    WHERE kpi_period.kpi = $kpi AND CAST(local_month AS INT) BETWEEN $from_day AND $to_day
),
measured AS (
    SELECT
        *,
        sign * ((20000 * per * abs(numerator) + denominator) / (2 * nullif(denominator, 0))) AS ten_thousandths,
        sign * ((20 * per * abs(numerator) + denominator) / (2 * nullif(denominator, 0))) AS tenths
    FROM parts
)
SELECT
    kpi, definition_version, period, service_area, service_class, queue, channel, subject_group,
    channel AS series, part, numerator, denominator,
    CAST(CAST(ten_thousandths AS DECIMAL(20, 0)) * CAST('0.0001' AS DECIMAL(4, 4)) AS DECIMAL(20, 4)) AS value,
    unit, status,
    CAST(CAST(CAST(tenths AS DECIMAL(20, 0)) * CAST('0.1' AS DECIMAL(1, 1)) AS DECIMAL(20, 1)) AS VARCHAR) AS shown_value,
    $as_of >= local_day_ends(first_of_month(period + INTERVAL '31 days') - INTERVAL '1 day') AS shown_is_over,
    -- The largest channel of all months comes first.
    dense_rank() OVER (ORDER BY in_all DESC, channel) AS shown_place
FROM measured
ORDER BY period, shown_place, part
