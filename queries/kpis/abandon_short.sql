-- Which share of offered calls was given up almost at once?
SELECT
    interval_start, local_date, service_area, service_class, queue, channel,
    count(*) FILTER (WHERE is_short_abandon) AS numerator,
    count(*) AS denominator
FROM queue_visits
WHERE is_inbound_call
GROUP BY interval_start, local_date, service_area, service_class, queue, channel
