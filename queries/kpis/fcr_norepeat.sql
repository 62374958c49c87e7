-- Which share of matchable contacts was not followed by another about the same matter, through any channel?
WITH contacts AS (
    SELECT
        interval_start, local_date, service_area, service_class, queue, channel, subject_group,
        bool_or(
            coalesce(CAST(next_started_at AS BIGINT) - CAST(started_at AS BIGINT) <= $window_days * 86400000000, false)
        ) AS was_followed
    FROM customer_contacts
    GROUP BY source, contact_kind, contact_id, interval_start, local_date, service_area, service_class, queue, channel, subject_group
)
SELECT
    interval_start, local_date, service_area, service_class, queue, channel, subject_group,
    count(*) FILTER (WHERE NOT was_followed) AS numerator,
    count(*) AS denominator
FROM contacts
GROUP BY interval_start, local_date, service_area, service_class, queue, channel, subject_group
