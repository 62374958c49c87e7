-- What became of each report on FixMyStreet?
-- States are free text: councils add their own. A label that nobody mapped is kept, of class `unknown`.
WITH state_classes AS (
    SELECT column1 AS label, column2 AS class
    FROM (VALUES
        ('confirmed', 'open'), ('investigating', 'open'), ('in progress', 'open'), ('planned', 'open'),
        ('action scheduled', 'open'), ('for triage', 'open'),
        ('fixed', 'fixed'), ('fixed - council', 'fixed'), ('fixed - user', 'fixed'),
        ('closed', 'closed'), ('unable to fix', 'closed'), ('not responsible', 'closed'), ('duplicate', 'closed'),
        ('internal referral', 'closed'), ('cancelled', 'closed'),
        ('hidden', 'hidden'), ('unconfirmed', 'hidden'), ('partial', 'hidden')
    ) AS labels
),
classed AS (
    SELECT
        events.*,
        CASE
            WHEN mark_fixed THEN 'fixed'
            ELSE coalesce(to_class, state_classes.class, 'unknown')
        END AS class
    FROM fixmystreet_events AS events
    LEFT JOIN state_classes ON state_classes.label = coalesce(to_state, problem_state)
),
folded AS (
    SELECT
        source, report_id,
        min(occurred_at) AS first_event_at,
        min(occurred_at) FILTER (WHERE event_type = 'report_created') AS created_at,
        min(occurred_at) FILTER (WHERE event_type = 'report_confirmed') AS confirmed_at,
        min(category) AS first_category,
        min(service) AS service,
        min(contributed_as) AS contributed_as,
        min(channel) AS told_channel,
        coalesce(bool_or(event_type = 'report_imported' OR service = 'Open311' OR channel = 'back_office'), false)
            AS is_back_office,
        coalesce(bool_or(event_type = 'report_hidden'), false) AS was_hidden,
        coalesce(bool_or(event_type = 'duplicate_marked'), false) AS was_marked_duplicate,
        min(occurred_at) FILTER (
            WHERE event_type = 'state_changed' AND to_state <> 'confirmed'
            OR event_type = 'update_posted' AND author_role IN ('staff', 'body_system')
        ) AS acknowledged_at,
        -- What a rule of a system did mends nothing in the street.
        min(occurred_at) FILTER (
            WHERE event_type IN ('state_changed', 'update_posted') AND class = 'fixed' AND NOT automated
        ) AS first_fixed_at,
        min(occurred_at) FILTER (
            WHERE event_type IN ('state_changed', 'update_posted') AND class = 'closed'
        ) AS first_closed_at,
        min(external_id) AS external_id,
        min(duplicate_of) AS duplicate_of,
        min(ward) AS ward, min(latitude) AS latitude, min(longitude) AS longitude
    FROM classed
    GROUP BY source, report_id
),
states AS (
    SELECT source, report_id, to_state, class, automated
    FROM (
        SELECT
            source, report_id, to_state, class, automated,
            row_number() OVER (
                PARTITION BY source, report_id
                ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
            ) AS age
        FROM classed
        WHERE event_type = 'state_changed'
    ) AS aged
    WHERE age = 1
),
categories AS (
    SELECT source, report_id, to_category
    FROM (
        SELECT
            source, report_id, to_category,
            row_number() OVER (
                PARTITION BY source, report_id
                ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
            ) AS age
        FROM fixmystreet_events
        WHERE event_type = 'category_changed'
    ) AS aged
    WHERE age = 1
),
tokens AS (
    SELECT source, report_id, array_agg(DISTINCT token ORDER BY token) AS customer_tokens
    FROM (
        SELECT source, report_id, unnest(customer_tokens) AS token
        FROM fixmystreet_events
        WHERE customer_tokens IS NOT NULL
    ) AS each_token
    GROUP BY source, report_id
),
case_refs AS (
    SELECT source, report_id, array_agg(DISTINCT ref ORDER BY ref) AS case_refs
    FROM (SELECT source, report_id, unnest(case_refs) AS ref FROM fixmystreet_events) AS each_ref
    GROUP BY source, report_id
),
judged AS (
    SELECT
        folded.*,
        coalesce(to_category, first_category) AS category,
        CASE
            WHEN was_hidden THEN 'hidden'
            WHEN to_state IS NOT NULL THEN to_state
            WHEN confirmed_at IS NOT NULL THEN 'confirmed'
            ELSE 'unconfirmed'
        END AS state,
        CASE
            WHEN was_hidden THEN 'hidden'
            WHEN to_state IS NOT NULL THEN class
            WHEN confirmed_at IS NOT NULL THEN 'open'
            ELSE 'hidden'
        END AS state_class,
        coalesce(automated, false) AS is_automated,
        CASE
            WHEN is_back_office THEN 'back_office'
            WHEN coalesce(contributed_as, '') <> '' OR told_channel = 'assisted' THEN 'assisted'
            ELSE 'fixmystreet'
        END AS channel,
        coalesce(confirmed_at, created_at, first_event_at) AS counted_at,
        local_date(coalesce(confirmed_at, created_at, first_event_at)) AS local_date
    FROM folded
    LEFT JOIN states ON states.source = folded.source AND states.report_id = folded.report_id
    LEFT JOIN categories ON categories.source = folded.source AND categories.report_id = folded.report_id
),
settled AS (
    -- A report that was opened again is not fixed, whatever was said before.
    SELECT
        *,
        CASE WHEN state_class = 'fixed' THEN first_fixed_at END AS fixed_at,
        CASE WHEN state_class = 'closed' THEN first_closed_at END AS closed_at
    FROM judged
)
SELECT
    settled.source, settled.report_id,
    created_at, confirmed_at, acknowledged_at, fixed_at, closed_at, counted_at,
    interval_start(counted_at) AS interval_start,
    local_date,
    local_time(counted_at) AS local_time,
    utc_offset_minutes(counted_at) AS utc_offset_minutes,
    interval_start(fixed_at) AS fixed_interval_start,
    local_date(fixed_at) AS fixed_local_date,
    settled.category,
    state, state_class,
    state_class = 'closed' AND is_automated AS was_closed_automatically,
    was_marked_duplicate OR state = 'duplicate' AS is_duplicate,
    duplicate_of,
    -- A report counts once the resident has confirmed it, and as long as it is not hidden.
    confirmed_at IS NOT NULL AND state_class <> 'hidden' AND channel <> 'back_office' AS is_made,
    channel,
    service AS device,
    external_id, ward, latitude, longitude,
    coalesce(service_area, '(unknown)') AS service_area,
    coalesce(service_class, '(unknown)') AS service_class,
    coalesce(subject_group, '(unknown)') AS subject_group,
    customer_tokens,
    case_refs,
    first_of_month(local_date) AS local_month
FROM settled
LEFT JOIN tokens ON tokens.source = settled.source AND tokens.report_id = settled.report_id
LEFT JOIN case_refs ON case_refs.source = settled.source AND case_refs.report_id = settled.report_id
LEFT JOIN category_map
    ON category_map.category_system = 'fixmystreet' AND category_map.category = settled.category
    AND category_map.effective_from <= local_date
    AND (category_map.effective_until IS NULL OR local_date < category_map.effective_until)
