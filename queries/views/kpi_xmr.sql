-- Which months of a measure are more than noise? XmR (process behaviour) charts by the rules of NHS
-- Making Data Count, one row for each month of kpi_series.
--
-- Phases: limits start anew in the first whole month after each intervention that affects the measure; the
-- month in which it happened is partly of the old kind. What follows looks at one phase at a time. Consecutive are the months that have a value: one without is skipped.
-- Arithmetic: whole ten-thousandths of the unit; each column is computed from columns as they are
-- shown, rounded half away from zero, so that a reader can follow it with the table in hand. Values
-- below 10^9 over 20 years fit.
--   moving_range       = |value - the value before it|; the first of a phase has none
--   mean               = mean of the final values
--   mean_moving_range  = mean of the final values' moving ranges, screened once: ranges of at least
--                        3.267 times their mean (compared exactly) are left out, unless only ranges
--                        of 0 would be left
--   limits, near ones  = mean -/+ 2.66 * mean_moving_range, and two thirds of that
-- A limit is not drawn below 0, nor above 100 percent: no value lies there, so no signal depends on it.
-- A phase of fewer than 8 final values has no mean, no limits and no signals: it would be guesswork.
-- A provisional value is drawn against the limits, but enters no mean and has no signal.
--
-- Signals, the first that applies, at each of the points that make it up:
--   outside_limits  a value beyond a limit
--   shift           one of 7 values in a row on the same side of the mean
--   trend           one of 7 values in a row that rise, or that fall, each time; its side is the
--                   way it goes (of a point that ends one and begins the other: high)
--   two_of_three    one of 2 values between near limit and limit, of 3 in a row, all 3 on that side
--                   of the mean
WITH points AS (
    SELECT
        series.kpi, series.definition_version, month, numerator, denominator, value, status, unit, direction,
        max(first_whole_month) AS phase_began
    FROM kpi_series AS series
    JOIN kpi_definitions ON kpi_definitions.kpi = series.kpi
    LEFT JOIN (
        SELECT
            unnest(affects) AS kpi,
            CASE
                WHEN happened_on = first_of_month(happened_on) THEN happened_on
                ELSE CAST(first_of_month(happened_on) + INTERVAL '1 month' AS DATE)
            END AS first_whole_month
        FROM interventions
    ) AS affecting
        ON affecting.kpi = series.kpi AND first_whole_month <= month
    GROUP BY
        series.kpi, series.definition_version, month, numerator, denominator, value, status, unit, direction
),
phases AS (
    SELECT
        *,
        CAST(dense_rank() OVER (PARTITION BY kpi, definition_version ORDER BY phase_began NULLS FIRST) AS INT) AS phase,
        value IS NOT NULL AND status = 'final' AS is_counted,
        CAST(value * 10000 AS BIGINT) AS x,
        CAST('0.0001' AS DECIMAL(4, 4)) AS ten_thousandth
    FROM points
),
steps AS (
    SELECT
        *,
        x - lag(x) OVER (PARTITION BY kpi, definition_version, phase, x IS NULL ORDER BY month) AS step
    FROM phases
),
sums AS (
    SELECT
        *,
        sum(CASE WHEN is_counted THEN x END) OVER phase AS sum_x,
        count(CASE WHEN is_counted THEN x END) OVER phase AS count_x,
        sum(CASE WHEN is_counted THEN abs(step) END) OVER phase AS sum_all,
        count(CASE WHEN is_counted THEN step END) OVER phase AS count_all
    FROM steps
    WINDOW phase AS (PARTITION BY kpi, definition_version, phase)
),
screened AS (
    SELECT
        *,
        sum(CASE WHEN is_kept THEN abs(step) END) OVER phase AS sum_kept,
        count(CASE WHEN is_kept THEN step END) OVER phase AS count_kept
    FROM (SELECT *, is_counted AND abs(step) * count_all * 1000 < 3267 * sum_all AS is_kept FROM sums) AS sums
    WINDOW phase AS (PARTITION BY kpi, definition_version, phase)
),
means AS (
    SELECT
        *,
        CASE WHEN count_x >= 8 THEN (2 * sum_x + count_x) / (2 * count_x) END AS mean_x,
        CASE
            WHEN count_x < 8 THEN NULL
            WHEN sum_kept > 0 THEN (2 * sum_kept + count_kept) / (2 * count_kept)
            ELSE (2 * sum_all + count_all) / (2 * count_all)
        END AS mean_range
    FROM screened
),
-- Of nulls and values greatest and least take the values, so without a mean there is no bound either.
bounds AS (
    SELECT
        *,
        CASE WHEN mean_x IS NOT NULL THEN 0 END AS lowest,
        CASE WHEN mean_x IS NOT NULL AND unit = 'percent' THEN 1000000 END AS highest
    FROM means
),
limits AS (
    SELECT
        *,
        greatest(mean_x - (266 * mean_range + 50) / 100, lowest) AS lower,
        greatest(mean_x - (532 * mean_range + 150) / 300, lowest) AS lower_near,
        least(mean_x + (532 * mean_range + 150) / 300, highest) AS upper_near,
        least(mean_x + (266 * mean_range + 50) / 100, highest) AS upper
    FROM bounds
),
-- 1 is high or rising, -1 low or falling.
sides AS (
    SELECT
        *,
        CASE WHEN x > mean_x THEN 1 WHEN x < mean_x THEN -1 ELSE 0 END AS side,
        CASE WHEN step > 0 THEN 1 WHEN step < 0 THEN -1 ELSE 0 END AS way,
        CASE WHEN x > upper_near AND x <= upper THEN 1 WHEN x < lower_near AND x >= lower THEN -1 ELSE 0 END AS near
    FROM limits
),
-- What the last points add up to: 7 on one side, 6 steps one way, 3 on one side of which 2 are near
-- a limit. Fewer points never add up to as much.
patterns AS (
    SELECT
        *,
        sum(side) OVER seven AS sides_of_7,
        sum(way) OVER six AS ways_of_6,
        sum(side) OVER three * sum(near) OVER three AS sides_by_nears_of_3
    FROM sides
    WINDOW
        seven AS (PARTITION BY kpi, definition_version, phase, is_counted ORDER BY month ROWS 6 PRECEDING),
        six AS (PARTITION BY kpi, definition_version, phase, is_counted ORDER BY month ROWS 5 PRECEDING),
        three AS (PARTITION BY kpi, definition_version, phase, is_counted ORDER BY month ROWS 2 PRECEDING)
),
-- A point is part of a pattern that is complete at it or soon after it.
parts AS (
    SELECT
        *,
        max(abs(sides_of_7)) OVER seven = 7 AS in_shift,
        max(ways_of_6) OVER seven = 6 AS in_rise,
        min(ways_of_6) OVER seven = -6 AS in_fall,
        near <> 0 AND max(sides_by_nears_of_3) OVER three >= 6 AS in_two_of_three
    FROM patterns
    WINDOW
        seven AS (
            PARTITION BY kpi, definition_version, phase, is_counted
            ORDER BY month ROWS BETWEEN CURRENT ROW AND 6 FOLLOWING
        ),
        three AS (
            PARTITION BY kpi, definition_version, phase, is_counted
            ORDER BY month ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING
        )
),
signals AS (
    SELECT
        *,
        CASE
            WHEN NOT is_counted OR mean_x IS NULL THEN NULL
            WHEN x < lower OR x > upper THEN 'outside_limits'
            WHEN in_shift THEN 'shift'
            WHEN in_rise OR in_fall THEN 'trend'
            WHEN in_two_of_three THEN 'two_of_three'
        END AS signal
    FROM parts
),
sided AS (
    SELECT
        *,
        CASE
            WHEN signal = 'trend' AND in_rise THEN 'high'
            WHEN signal = 'trend' THEN 'low'
            WHEN signal IS NOT NULL AND side = 1 THEN 'high'
            WHEN signal IS NOT NULL THEN 'low'
        END AS signal_side
    FROM signals
)
SELECT
    kpi, definition_version, month, numerator, denominator, value, status, phase,
    CAST(abs(step) * ten_thousandth AS DECIMAL(20, 4)) AS moving_range,
    CAST(mean_x * ten_thousandth AS DECIMAL(20, 4)) AS mean,
    CAST(mean_range * ten_thousandth AS DECIMAL(20, 4)) AS mean_moving_range,
    CAST(lower * ten_thousandth AS DECIMAL(20, 4)) AS lower_limit,
    CAST(upper * ten_thousandth AS DECIMAL(20, 4)) AS upper_limit,
    CAST(lower_near * ten_thousandth AS DECIMAL(20, 4)) AS lower_near_limit,
    CAST(upper_near * ten_thousandth AS DECIMAL(20, 4)) AS upper_near_limit,
    signal, signal_side,
    CASE direction
        WHEN 'higher' THEN signal_side = 'high'
        WHEN 'lower' THEN signal_side = 'low'
    END AS is_improvement
FROM sided
