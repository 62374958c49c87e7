-- Which versions of each measure's definition have values, over which days, and whether they still are defined so.
-- The values of a superseded version stay as they were in the last epoch that measured them.
WITH measured AS (
    SELECT kpi, definition_version, local_date AS day FROM kpi_daily
    UNION ALL
    SELECT kpi, definition_version, local_date AS day FROM kpi_distribution
    UNION ALL
    SELECT kpi, definition_version, local_month AS day FROM kpi_period
)
SELECT
    measured.kpi, measured.definition_version,
    kpi_definitions.kpi IS NULL AS is_superseded,
    min(day) AS first_day, max(day) AS last_day
FROM measured
LEFT JOIN kpi_definitions
    ON kpi_definitions.kpi = measured.kpi AND kpi_definitions.definition_version = measured.definition_version
GROUP BY measured.kpi, measured.definition_version, kpi_definitions.kpi IS NULL
