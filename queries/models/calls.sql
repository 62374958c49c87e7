-- What became of each call, and how much work was it?
WITH folded AS (
    SELECT
        source, initial_contact_id,
        min(occurred_at) AS first_event_at,
        min(occurred_at) FILTER (
            WHERE event_type = 'contact_initiated' AND previous_contact_id IS NULL
        ) AS initiated_at,
        max(occurred_at) FILTER (WHERE event_type = 'contact_ended') AS ended_at,
        -- The resident's own leg says who rang whom; a leg inside the council does not.
        min(direction) FILTER (WHERE event_type = 'contact_initiated' AND previous_contact_id IS NULL) AS direction,
        coalesce(
            min(channel) FILTER (WHERE event_type = 'contact_initiated' AND previous_contact_id IS NULL),
            min(channel)
        ) AS channel,
        min(queue_id) FILTER (
            WHERE event_type = 'contact_initiated' AND previous_contact_id IS NULL
        ) AS meant_queue_id,
        min(queue_id) FILTER (WHERE event_type IN ('queue_blocked', 'ivr_exited')) AS tried_queue_id,
        coalesce(bool_or(outcome = 'not_a_call'), false) AS is_not_a_call,
        coalesce(bool_or(ivr_outcome = 'hung_up' OR outcome = 'abandoned_in_ivr'), false) AS left_in_ivr,
        coalesce(bool_or(ivr_outcome = 'self_served'), false) AS self_served,
        bool_or(event_type = 'queue_blocked') AS was_blocked,
        bool_or(event_type = 'contact_transferred') AS was_transferred
    FROM telephony_events
    GROUP BY source, initial_contact_id
),
-- A leg is measured once, however often it is reported; the legs of a call add up.
legs AS (
    SELECT
        source, initial_contact_id, contact_id,
        max(talk_ms) FILTER (WHERE event_type = 'contact_ended') AS talk_ms,
        max(hold_ms) FILTER (WHERE event_type = 'contact_ended') AS hold_ms,
        max(acw_ms) AS acw_ms
    FROM telephony_events
    WHERE event_type IN ('contact_ended', 'wrapup_completed')
    GROUP BY source, initial_contact_id, contact_id
),
work AS (
    SELECT source, initial_contact_id, sum(talk_ms) AS talk_ms, sum(hold_ms) AS hold_ms, sum(acw_ms) AS acw_ms
    FROM legs
    GROUP BY source, initial_contact_id
),
-- The last wrap-up decides what the call was about and whether it was settled.
wrapups AS (
    SELECT source, initial_contact_id, subject_group, reason_code, resolution, avoidable_reason
    FROM (
        SELECT
            source, initial_contact_id, subject_group, reason_code, resolution, avoidable_reason,
            row_number() OVER (
                PARTITION BY source, initial_contact_id
                ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC
            ) AS age
        FROM telephony_events
        WHERE event_type = 'wrapup_completed'
    ) AS aged
    WHERE age = 1
),
tokens AS (
    SELECT source, initial_contact_id, array_agg(DISTINCT token ORDER BY token) AS customer_tokens
    FROM (
        SELECT source, initial_contact_id, unnest(customer_tokens) AS token
        FROM telephony_events
        WHERE customer_tokens IS NOT NULL
    ) AS each_token
    GROUP BY source, initial_contact_id
),
-- A case that the caller chased is the same matter too.
case_refs AS (
    SELECT source, initial_contact_id, array_agg(DISTINCT ref ORDER BY ref) AS case_refs
    FROM (
        SELECT source, initial_contact_id, unnest(case_refs) AS ref FROM telephony_events
        UNION ALL
        SELECT source, initial_contact_id, chaser_case_ref FROM telephony_events WHERE chaser_case_ref IS NOT NULL
    ) AS each_ref
    GROUP BY source, initial_contact_id
),
-- A call belongs where its first stay in a queue was offered; its last stay says how it went.
ranked AS (
    SELECT
        source, initial_contact_id, offered_at, queue, outcome, answered_at,
        row_number() OVER (
            PARTITION BY source, initial_contact_id ORDER BY offered_at, queue_visit_id
        ) AS from_first,
        row_number() OVER (
            PARTITION BY source, initial_contact_id ORDER BY offered_at DESC, queue_visit_id DESC
        ) AS from_last
    FROM queue_visits
),
stays AS (
    SELECT
        source, initial_contact_id,
        min(offered_at) AS offered_at,
        max(queue) FILTER (WHERE from_first = 1) AS first_queue,
        max(outcome) FILTER (WHERE from_last = 1) AS last_outcome,
        min(answered_at) AS answered_at
    FROM ranked
    GROUP BY source, initial_contact_id
),
placed AS (
    SELECT
        folded.source, folded.initial_contact_id, initiated_at, ended_at, direction, channel,
        is_not_a_call, was_transferred, offered_at, answered_at,
        coalesce(offered_at, initiated_at, first_event_at) AS counted_at,
        coalesce(initiated_at, first_event_at) AS arrived_at,
        coalesce(nullif(first_queue, '(unknown)'), meant_queue_id, tried_queue_id, '(unknown)') AS queue,
        CASE
            WHEN is_not_a_call THEN 'not_a_call'
            WHEN answered_at IS NOT NULL THEN 'answered'
            WHEN last_outcome IS NOT NULL THEN last_outcome
            WHEN was_blocked THEN 'blocked'
            WHEN left_in_ivr THEN 'left_in_ivr'
            WHEN self_served THEN 'self_served'
            ELSE 'unknown'
        END AS outcome
    FROM folded
    LEFT JOIN stays
        ON stays.source = folded.source AND stays.initial_contact_id = folded.initial_contact_id
),
dated AS (
    SELECT placed.*, local_date(counted_at) AS local_date FROM placed
)
SELECT
    dated.source, dated.initial_contact_id,
    arrived_at, offered_at, answered_at, ended_at, counted_at,
    interval_start(counted_at) AS interval_start,
    local_date,
    local_time(counted_at) AS local_time,
    utc_offset_minutes(counted_at) AS utc_offset_minutes,
    dated.queue,
    coalesce(service_area, '(unknown)') AS service_area,
    coalesce(service_class, '(unknown)') AS service_class,
    coalesce(channel, '(unknown)') AS channel,
    NOT is_not_a_call AND coalesce(direction, 'inbound') = 'inbound' AS is_inbound_call,
    outcome,
    was_transferred,
    talk_ms, hold_ms, acw_ms,
    CASE
        WHEN talk_ms IS NOT NULL THEN talk_ms + coalesce(hold_ms, 0) + coalesce(acw_ms, 0)
    END AS handle_ms,
    coalesce(subject_group, '(unknown)') AS subject_group,
    reason_code,
    resolution,
    avoidable_reason,
    customer_tokens,
    case_refs,
    first_of_month(local_date) AS local_month
FROM dated
LEFT JOIN work
    ON work.source = dated.source AND work.initial_contact_id = dated.initial_contact_id
LEFT JOIN wrapups
    ON wrapups.source = dated.source AND wrapups.initial_contact_id = dated.initial_contact_id
LEFT JOIN tokens
    ON tokens.source = dated.source AND tokens.initial_contact_id = dated.initial_contact_id
LEFT JOIN case_refs
    ON case_refs.source = dated.source AND case_refs.initial_contact_id = dated.initial_contact_id
LEFT JOIN queue_map
    ON queue_map.queue_id = dated.queue
    AND queue_map.effective_from <= local_date
    AND (queue_map.effective_until IS NULL OR local_date < queue_map.effective_until)
