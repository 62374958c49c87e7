-- Each ratio and count for the whole council, by local month: the points of its chart.
-- The value is in the unit shown: percent, seconds (kept as milliseconds) or a count. It is divided
-- last, in whole ten-thousandths, rounded half up (no part is negative, so half away from zero);
-- it is null where there is nothing to divide by. Numerators of up to 4 * 10^12 fit.
-- A month is final by the rule for days: as_of is at least its end and the measure's settling time.
-- A month with a provisional day (of a superseded version, as it was frozen) is provisional whatever the date.
WITH months AS (
    SELECT
        kpi_daily.kpi, kpi_daily.definition_version, unit, settles_after_days, first_of_month(local_date) AS month,
        sum(numerator) AS numerator, sum(denominator) AS denominator,
        bool_or(status = 'provisional') AS has_provisional_days
    FROM kpi_daily
    JOIN kpi_definitions ON kpi_definitions.kpi = kpi_daily.kpi
    GROUP BY
        kpi_daily.kpi, kpi_daily.definition_version, unit, settles_after_days, first_of_month(local_date)
),
measured AS (
    SELECT
        *,
        CASE unit
            WHEN 'count' THEN numerator * 10000
            WHEN 'percent' THEN (2000000 * numerator + denominator) / (2 * nullif(denominator, 0))
            WHEN 'seconds' THEN (20 * numerator + denominator) / (2 * nullif(denominator, 0))
        END AS ten_thousandths,
        CAST('0.0001' AS DECIMAL(4, 4)) AS ten_thousandth,
        local_day_ends(first_of_month(month + INTERVAL '31 days') - INTERVAL '1 day')
            + CAST(concat(settles_after_days, ' days') AS INTERVAL) AS settles_at
    FROM months
)
SELECT
    kpi, definition_version, month, numerator, denominator,
    CAST(ten_thousandths * ten_thousandth AS DECIMAL(20, 4)) AS value,
    CASE WHEN has_provisional_days OR $as_of < settles_at THEN 'provisional' ELSE 'final' END AS status
FROM measured
