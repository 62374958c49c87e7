-- How did a measure go month by month, and what in it is more than noise?
-- $kpi is the measure, empty for all of them; $from_day and $to_day (days since 1970-01-01) bound the first days of the months.
-- Columns that begin with shown_ are for people: one decimal, rounded half away from zero, the value
-- divided last as on the scorecard.
WITH months AS (
    SELECT
        kpi_xmr.*, unit,
        $as_of >= local_day_ends(first_of_month(month + INTERVAL '31 days') - INTERVAL '1 day') AS is_over,
        CASE unit
            WHEN 'percent' THEN (2000 * numerator + denominator) / (2 * nullif(denominator, 0))
            -- Seconds are kept as milliseconds.
            WHEN 'seconds' THEN (2 * numerator + 100 * denominator) / (200 * nullif(denominator, 0))
        END AS tenths
    FROM kpi_xmr
    JOIN kpi_definitions
        ON kpi_definitions.kpi = kpi_xmr.kpi AND kpi_definitions.definition_version = kpi_xmr.definition_version
    WHERE ($kpi = '' OR kpi_xmr.kpi = $kpi) AND CAST(month AS INT) BETWEEN $from_day AND $to_day
)
SELECT
    kpi, definition_version, month AS period,
    '(all)' AS service_area, '(all)' AS service_class, '(all)' AS queue, '(all)' AS channel, '(all)' AS subject_group,
    numerator, denominator, value, unit, status,
    phase, moving_range, mean, mean_moving_range, lower_limit, upper_limit, lower_near_limit, upper_near_limit,
    signal, signal_side, is_improvement,
    is_over AS shown_is_over,
    CASE unit
        WHEN 'count' THEN CAST(numerator AS VARCHAR)
        ELSE CAST(CAST(CAST(tenths AS DECIMAL(20, 0)) * CAST('0.1' AS DECIMAL(1, 1)) AS DECIMAL(20, 1)) AS VARCHAR)
    END AS shown_value,
    CAST(CAST(mean AS DECIMAL(20, 1)) AS VARCHAR) AS shown_mean,
    CAST(CAST(abs(value - mean) AS DECIMAL(20, 1)) AS VARCHAR) AS shown_from_mean,
    CASE WHEN value > mean THEN 'above' WHEN value < mean THEN 'below' WHEN value = mean THEN 'at' END AS shown_side,
    CAST(CAST(lower_limit AS DECIMAL(20, 1)) AS VARCHAR) AS shown_lower_limit,
    CAST(CAST(upper_limit AS DECIMAL(20, 1)) AS VARCHAR) AS shown_upper_limit
FROM months
ORDER BY kpi, period
