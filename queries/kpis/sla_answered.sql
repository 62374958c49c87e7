-- Which share of offered calls was answered within the queue's own target?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel,
    count(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= answer_target_ms) AS numerator,
    count(*) AS denominator
FROM queue_visits
WHERE is_inbound_call AND NOT coalesce(is_short_abandon, false) AND answer_target_ms IS NOT NULL
GROUP BY interval_start, local_date, service_area, service_class, queue, channel
