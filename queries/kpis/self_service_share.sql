-- Which share of demand came in without any help of staff?
SELECT
    interval_start, local_date, service_area, service_class, subject_group,
    count(*) FILTER (WHERE channel IN ('web_form', 'fixmystreet')) AS numerator,
    count(*) AS denominator
FROM contact_demands
WHERE is_first
GROUP BY interval_start, local_date, service_area, service_class, subject_group
