-- Which share of contacts only chased a matter that the council knew already?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(*) FILTER (WHERE is_chaser) AS numerator,
    count(*) AS denominator
FROM contact_demands
WHERE NOT is_part
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
