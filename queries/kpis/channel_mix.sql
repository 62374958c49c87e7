-- Through which channels did demand come, month by month?
SELECT
    local_month, channel,
    'share' AS part,
    count(*) AS numerator,
    sum(count(*)) OVER (PARTITION BY local_month) AS denominator
FROM contact_demands
WHERE is_first
GROUP BY local_month, channel
