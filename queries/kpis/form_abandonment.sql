-- Which share of the forms that residents began did they leave lying?
SELECT
    interval_start, local_date, service_area, service_class, channel, subject_group,
    count(*) FILTER (WHERE outcome IN ('abandoned', 'expired')) AS numerator,
    count(*) AS denominator
FROM form_sessions
WHERE started_at IS NOT NULL AND NOT is_assisted
GROUP BY interval_start, local_date, service_area, service_class, channel, subject_group
