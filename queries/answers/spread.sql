-- How were the values of a distribution spread over some days, told apart by the dimensions asked for?
-- $kpi is the measure; $from_day and $to_day are days since 1970-01-01; $by_service_area and so on are 1 where
-- rows are told apart by it, else 0. Percentiles are nearest rank: the smallest value that at least p of
-- all do not exceed.
WITH sliced AS (
    SELECT
        spread.kpi, spread.definition_version, unit,
        CASE $by_service_area WHEN 1 THEN service_area ELSE '(all)' END AS service_area,
        CASE $by_service_class WHEN 1 THEN service_class ELSE '(all)' END AS service_class,
        CASE $by_queue WHEN 1 THEN queue ELSE '(all)' END AS queue,
        CASE $by_channel WHEN 1 THEN channel ELSE '(all)' END AS channel,
        CASE $by_subject_group WHEN 1 THEN subject_group ELSE '(all)' END AS subject_group,
        value, count, status
    FROM kpi_distribution AS spread
    JOIN kpi_definitions
        ON kpi_definitions.kpi = spread.kpi AND kpi_definitions.definition_version = spread.definition_version
    WHERE spread.kpi = $kpi AND CAST(local_date AS INT) BETWEEN $from_day AND $to_day
),
summed AS (
    SELECT
        kpi, definition_version, unit, service_area, service_class, queue, channel, subject_group, value,
        sum(count) AS count, bool_or(status = 'provisional') AS is_provisional
    FROM sliced
    GROUP BY kpi, definition_version, unit, service_area, service_class, queue, channel, subject_group, value
),
ranked AS (
    SELECT
        *,
        sum(count) OVER (
            PARTITION BY service_area, service_class, queue, channel, subject_group ORDER BY value
        ) AS up_to,
        sum(count) OVER (PARTITION BY service_area, service_class, queue, channel, subject_group) AS total
    FROM summed
)
SELECT
    kpi, definition_version, service_area, service_class, queue, channel, subject_group,
    CAST(sum(count) AS BIGINT) AS count,
    min(value) FILTER (WHERE up_to * 100 >= total * 50) AS median,
    min(value) FILTER (WHERE up_to * 100 >= total * 90) AS p90,
    max(value) AS longest,
    unit,
    CASE WHEN bool_or(is_provisional) THEN 'provisional' ELSE 'final' END AS status
FROM ranked
GROUP BY kpi, definition_version, unit, service_area, service_class, queue, channel, subject_group
ORDER BY service_area, service_class, queue, channel, subject_group
