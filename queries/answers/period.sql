-- Which days does the page's scorecard show? The newest measured month that is over; while there is
-- none, what there is of the newest month.
WITH months AS (
    SELECT DISTINCT first_of_month(local_date) AS month FROM kpi_daily
),
over AS (
    SELECT max(month) AS month
    FROM months
    WHERE $as_of >= local_day_ends(first_of_month(month + INTERVAL '31 days') - INTERVAL '1 day')
),
newest AS (
    SELECT max(local_date) AS day FROM kpi_daily
)
SELECT
    coalesce(over.month, first_of_month(newest.day)) AS first_day,
    CASE WHEN over.month IS NULL THEN newest.day
         ELSE first_of_month(over.month + INTERVAL '31 days') - INTERVAL '1 day' END AS last_day
FROM newest
CROSS JOIN over
WHERE newest.day IS NOT NULL
