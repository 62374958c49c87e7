-- How long did residents wait whose call was answered?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel,
    sum(wait_ms) AS numerator,
    count(*) AS denominator
FROM queue_visits
WHERE is_inbound_call AND outcome = 'answered'
GROUP BY interval_start, local_date, service_area, service_class, queue, channel
