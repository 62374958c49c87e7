-- How did demand move between channels in a year, and how much of that is more demand or other services?
-- Thousandths of a demand, rounded half up; divided last.
WITH months AS (
    SELECT DISTINCT first_of_month(local_date) AS local_month FROM contact_demands WHERE is_first
),
pairs AS (
    SELECT now.local_month, before.local_month AS month_before
    FROM months AS now
    JOIN months AS before ON before.local_month = CAST(now.local_month - INTERVAL '12 months' AS DATE)
),
counted AS (
    SELECT local_month, service_area, channel, count(*) AS demands
    FROM contact_demands
    WHERE is_first
    GROUP BY local_month, service_area, channel
),
-- Each service and channel of either month, with what it had in each.
both_years AS (
    SELECT local_month, service_area, channel, sum(now) AS now, sum(before) AS before
    FROM (
        SELECT pairs.local_month, service_area, channel, demands AS now, 0 AS before
        FROM pairs JOIN counted ON counted.local_month = pairs.local_month
        UNION ALL
        SELECT pairs.local_month, service_area, channel, 0, demands
        FROM pairs JOIN counted ON counted.local_month = pairs.month_before
    ) AS each_year
    GROUP BY local_month, service_area, channel
),
-- Every channel in every service, so that nothing is lost where a service had none of it.
cells AS (
    SELECT services.local_month, services.service_area, channels.channel
    FROM (SELECT DISTINCT local_month, service_area FROM both_years) AS services
    JOIN (SELECT DISTINCT local_month, channel FROM both_years) AS channels
        ON channels.local_month = services.local_month
),
totals AS (
    SELECT
        cells.local_month, cells.service_area, cells.channel,
        coalesce(now, 0) AS now, coalesce(before, 0) AS before,
        sum(coalesce(now, 0)) OVER (PARTITION BY cells.local_month, cells.service_area) AS service_now,
        sum(coalesce(before, 0)) OVER (PARTITION BY cells.local_month, cells.service_area) AS service_before,
        sum(coalesce(now, 0)) OVER (PARTITION BY cells.local_month) AS all_now,
        sum(coalesce(before, 0)) OVER (PARTITION BY cells.local_month) AS all_before
    FROM cells
    LEFT JOIN both_years
        ON both_years.local_month = cells.local_month AND both_years.service_area = cells.service_area
        AND both_years.channel = cells.channel
),
-- What the channel would have had if each service's demand now had come as a year before.
expected AS (
    SELECT
        local_month, channel, all_now, all_before,
        sum(now) AS now,
        sum(before) AS before,
        sum(CASE
            WHEN service_before = 0 THEN now * 1000
            ELSE (service_now * before * 2000 + service_before) / (service_before * 2)
        END) AS at_last_years_channels
    FROM totals
    GROUP BY local_month, channel, all_now, all_before
),
effects AS (
    SELECT
        local_month, channel, all_now, all_before, now, before, at_last_years_channels,
        (all_now * before * 2000 + all_before) / (all_before * 2) AS at_last_years_share
    FROM expected
)
SELECT
    local_month, channel, part,
    CASE part
        WHEN 'now' THEN now * 1000
        WHEN 'year_before' THEN before * 1000
        WHEN 'volume_effect' THEN at_last_years_share - before * 1000
        WHEN 'service_mix_effect' THEN at_last_years_channels - at_last_years_share
        WHEN 'channel_shift' THEN now * 1000 - at_last_years_channels
        WHEN 'share_change_points' THEN now * all_before - before * all_now
        WHEN 'share_change_at_fixed_mix' THEN now * 1000 - at_last_years_channels
    END AS numerator,
    CASE part
        WHEN 'share_change_points' THEN all_now * all_before
        WHEN 'share_change_at_fixed_mix' THEN all_now * 1000
        ELSE 1000
    END AS denominator
FROM effects
CROSS JOIN (VALUES
    ('now'), ('year_before'), ('volume_effect'), ('service_mix_effect'), ('channel_shift'),
    ('share_change_points'), ('share_change_at_fixed_mix')
) AS parts(part)
