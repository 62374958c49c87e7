-- How does each measure stand in a period, against its target and its baseline?
-- $from_day and $to_day are days since 1970-01-01. A slice is what a target or baseline is set for;
-- every measure also has the slice of the whole council. Values are rounded half up to one decimal,
-- divided last, in whole numbers.
WITH slices AS (
    SELECT kpi, slice, trim(unnest(string_to_array(slice, ','))) AS part
    FROM (SELECT kpi, slice FROM targets UNION SELECT kpi, slice FROM baselines) AS set_for
    WHERE slice <> ''
),
wanted AS (
    SELECT
        kpi, slice,
        max(CASE WHEN part LIKE 'service_area=%' THEN substr(part, 14) END) AS service_area,
        max(CASE WHEN part LIKE 'service_class=%' THEN substr(part, 15) END) AS service_class,
        max(CASE WHEN part LIKE 'queue=%' THEN substr(part, 7) END) AS queue,
        max(CASE WHEN part LIKE 'channel=%' THEN substr(part, 9) END) AS channel,
        max(CASE WHEN part LIKE 'subject_group=%' THEN substr(part, 15) END) AS subject_group
    FROM slices
    GROUP BY kpi, slice
    UNION ALL
    SELECT
        kpi, '' AS slice,
        CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)
    FROM kpi_definitions
),
parts AS (
    SELECT
        wanted.kpi, wanted.slice,
        sum(numerator) AS numerator, sum(denominator) AS denominator,
        bool_or(status = 'provisional') AS is_provisional
    FROM wanted
    JOIN kpi_definitions AS defined ON defined.kpi = wanted.kpi
    JOIN kpi_daily AS daily
        ON daily.kpi = wanted.kpi AND daily.definition_version = defined.definition_version
        AND (wanted.service_area IS NULL OR wanted.service_area = daily.service_area)
        AND (wanted.service_class IS NULL OR wanted.service_class = daily.service_class)
        AND (wanted.queue IS NULL OR wanted.queue = daily.queue)
        AND (wanted.channel IS NULL OR wanted.channel = daily.channel)
        AND (wanted.subject_group IS NULL OR wanted.subject_group = daily.subject_group)
    WHERE CAST(local_date AS INT) BETWEEN $from_day AND $to_day
    GROUP BY wanted.kpi, wanted.slice
),
tenths AS (
    SELECT
        wanted.kpi, section, title, unit, direction, wanted.slice, numerator, denominator, is_provisional,
        CASE
            WHEN numerator IS NULL THEN NULL
            WHEN kind = 'count' THEN numerator * 10
            WHEN denominator = 0 THEN NULL
            WHEN unit = 'percent' THEN (numerator * 2000 + denominator) / (denominator * 2)
            -- Seconds are kept as milliseconds.
            ELSE (numerator * 2 + denominator * 100) / (denominator * 200)
        END AS tenths
    FROM wanted
    JOIN kpi_definitions ON kpi_definitions.kpi = wanted.kpi AND kind IN ('ratio', 'count')
    LEFT JOIN parts ON parts.kpi = wanted.kpi AND parts.slice = wanted.slice
),
spread AS (
    SELECT measured.kpi, value, sum(count) AS visits, bool_or(status = 'provisional') AS is_provisional
    FROM kpi_distribution AS measured
    JOIN kpi_definitions AS defined
        ON defined.kpi = measured.kpi AND defined.definition_version = measured.definition_version
    WHERE CAST(local_date AS INT) BETWEEN $from_day AND $to_day
    GROUP BY measured.kpi, value
),
running AS (
    SELECT
        kpi, value, is_provisional,
        sum(visits) OVER (PARTITION BY kpi ORDER BY value) AS up_to,
        sum(visits) OVER (PARTITION BY kpi) AS total
    FROM spread
),
-- Nearest rank: the smallest value that at least p of the visits do not exceed.
percentiles AS (
    SELECT
        kpi, max(total) AS total, bool_or(is_provisional) AS is_provisional,
        min(value) FILTER (WHERE up_to * 100 >= total * 50) AS median,
        min(value) FILTER (WHERE up_to * 100 >= total * 90) AS p90,
        max(value) AS longest
    FROM running
    GROUP BY kpi
),
shown AS (
    SELECT
        kpi, section, title, 0 AS point, unit, direction, slice, numerator, denominator, is_provisional, tenths,
        CASE WHEN tenths IS NULL THEN NULL
             WHEN unit = 'count' THEN CAST(tenths / 10 AS VARCHAR)
             ELSE concat(CAST(tenths / 10 AS VARCHAR), '.', CAST(tenths % 10 AS VARCHAR)) END AS value
    FROM tenths
    UNION ALL
    SELECT
        percentiles.kpi, section, concat('Wait of answered calls, ', name), point, unit, direction, '',
        CAST(NULL AS BIGINT), total, is_provisional,
        CASE point WHEN 1 THEN median WHEN 2 THEN p90 ELSE longest END * 10,
        CAST(CASE point WHEN 1 THEN median WHEN 2 THEN p90 ELSE longest END AS VARCHAR)
    FROM percentiles
    JOIN kpi_definitions ON kpi_definitions.kpi = percentiles.kpi
    CROSS JOIN (VALUES (1, 'median'), (2, '90th percentile'), (3, 'longest')) AS points(point, name)
)
SELECT
    shown.kpi, section, title, shown.slice, shown.value, shown.unit, shown.direction, numerator, denominator,
    CASE WHEN shown.value IS NULL THEN 'no data' WHEN is_provisional THEN 'provisional' ELSE 'final' END AS status,
    targets.value AS target, targets.status AS target_status,
    -- What is compared is the value itself, not its rounding: both sides are multiplied out.
    CASE
        WHEN targets.value IS NULL OR shown.value IS NULL THEN NULL
        WHEN targets.direction = 'higher' THEN CAST(numerator AS DECIMAL(20, 0)) * CASE shown.unit WHEN 'percent' THEN 100 ELSE 1 END >= 
            targets.value * coalesce(denominator, 1) * CASE shown.unit WHEN 'seconds' THEN 1000 ELSE 1 END
        WHEN targets.direction = 'lower' THEN CAST(numerator AS DECIMAL(20, 0)) * CASE shown.unit WHEN 'percent' THEN 100 ELSE 1 END <= 
            targets.value * coalesce(denominator, 1) * CASE shown.unit WHEN 'seconds' THEN 1000 ELSE 1 END
    END AS meets_target,
    baselines.value AS baseline, baselines.status AS baseline_status, baselines.period AS baseline_period
FROM shown
LEFT JOIN targets
    ON targets.kpi = shown.kpi AND targets.slice = shown.slice
    AND CAST(targets.effective_from AS INT) <= $to_day
    AND (targets.effective_until IS NULL OR CAST(targets.effective_until AS INT) > $to_day)
    AND point = 0
LEFT JOIN baselines
    ON baselines.kpi = shown.kpi AND baselines.slice = shown.slice
    AND point = 0
ORDER BY section, shown.kpi, point, shown.slice
