-- Which share of offered calls was answered within 20 seconds?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel,
    count(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= 20000) AS numerator,
    count(*) AS denominator
FROM queue_visits
WHERE is_inbound_call AND NOT coalesce(is_short_abandon, false)
GROUP BY interval_start, local_date, service_area, service_class, queue, channel
