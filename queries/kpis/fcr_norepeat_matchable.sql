-- Which share of answered calls can be matched to a resident?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(customer_tokens) AS numerator,
    count(*) AS denominator
FROM calls
WHERE is_inbound_call AND outcome = 'answered'
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
