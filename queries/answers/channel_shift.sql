-- How did demand move between channels in the newest month that is over, against a year before?
-- One row a channel, the largest first, and one of all channels last. Demands and effects are shown to
-- one decimal, changes of shares in percentage points; divided last, rounded half away from zero.
WITH parts AS (
    SELECT
        local_month, channel, part, numerator, denominator, status,
        CASE WHEN numerator < 0 THEN -1 ELSE 1 END AS sign
    FROM kpi_period
    JOIN kpi_definitions
        ON kpi_definitions.kpi = kpi_period.kpi
        AND kpi_definitions.definition_version = kpi_period.definition_version
    WHERE kpi_period.kpi = 'channel_shift'
        AND $as_of >= local_day_ends(first_of_month(local_month + INTERVAL '31 days') - INTERVAL '1 day')
),
newest AS (
    SELECT local_month, channel, part, numerator, denominator, status, sign
    FROM parts
    WHERE local_month = (SELECT max(local_month) FROM parts)
),
by_channel AS (
    SELECT
        local_month, channel, false AS is_total, max(status) AS status,
        sum(CASE part WHEN 'now' THEN numerator END) AS demands_now,
        sum(CASE part WHEN 'year_before' THEN numerator END) AS year_before,
        sum(CASE part WHEN 'volume_effect' THEN numerator END) AS volume_effect,
        sum(CASE part WHEN 'service_mix_effect' THEN numerator END) AS service_mix_effect,
        sum(CASE part WHEN 'channel_shift' THEN numerator END) AS channel_shift,
        sum(CASE part WHEN 'share_change_points' THEN
            sign * ((2000 * abs(numerator) + denominator) / (2 * denominator)) END) AS share_change,
        sum(CASE part WHEN 'share_change_at_fixed_mix' THEN
            sign * ((2000 * abs(numerator) + denominator) / (2 * denominator)) END) AS share_change_at_fixed_mix
    FROM newest
    GROUP BY local_month, channel
    UNION ALL
    SELECT
        local_month, 'all channels', true, max(status),
        sum(CASE part WHEN 'now' THEN numerator END),
        sum(CASE part WHEN 'year_before' THEN numerator END),
        sum(CASE part WHEN 'volume_effect' THEN numerator END),
        sum(CASE part WHEN 'service_mix_effect' THEN numerator END),
        sum(CASE part WHEN 'channel_shift' THEN numerator END),
        CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)
    FROM newest
    GROUP BY local_month
)
SELECT
    local_month AS month, CAST(local_month - INTERVAL '12 months' AS DATE) AS month_before,
    channel, is_total, status,
    CAST(demands_now / 1000 AS VARCHAR) AS now,
    CAST(year_before / 1000 AS VARCHAR) AS year_before,
    CAST(CAST(CAST(volume_effect AS DECIMAL(20, 0)) * CAST('0.001' AS DECIMAL(3, 3)) AS DECIMAL(20, 1)) AS VARCHAR) AS volume_effect,
    CAST(CAST(CAST(service_mix_effect AS DECIMAL(20, 0)) * CAST('0.001' AS DECIMAL(3, 3)) AS DECIMAL(20, 1)) AS VARCHAR) AS service_mix_effect,
    CAST(CAST(CAST(channel_shift AS DECIMAL(20, 0)) * CAST('0.001' AS DECIMAL(3, 3)) AS DECIMAL(20, 1)) AS VARCHAR) AS channel_shift,
    CAST(CAST(CAST(share_change AS DECIMAL(20, 0)) * CAST('0.1' AS DECIMAL(1, 1)) AS DECIMAL(20, 1)) AS VARCHAR) AS share_change,
    CAST(CAST(CAST(share_change_at_fixed_mix AS DECIMAL(20, 0)) * CAST('0.1' AS DECIMAL(1, 1)) AS DECIMAL(20, 1)) AS VARCHAR) AS share_change_at_fixed_mix
FROM by_channel
ORDER BY is_total, demands_now DESC, channel
