-- How were the waits of answered calls spread?
SELECT
    local_date, service_area, service_class, queue, channel,
    wait_ms / 1000 AS value,
    count(*) AS count
FROM queue_visits
WHERE is_inbound_call AND outcome = 'answered' AND wait_ms IS NOT NULL
GROUP BY local_date, service_area, service_class, queue, channel, wait_ms / 1000
