-- Which share of contacts that reached the council can be matched to a resident?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(customer_tokens) AS numerator,
    count(*) AS denominator
FROM contact_demands
WHERE was_received AND NOT is_part
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
