-- What became of each stay in a queue, and how long was the wait?
-- Only min and max: an event that comes twice, late or out of order gives the same row.
WITH contacts AS (
    SELECT
        source, initial_contact_id,
        -- The resident's own leg says who rang whom; a leg inside the council does not.
        min(direction) FILTER (WHERE event_type = 'contact_initiated' AND previous_contact_id IS NULL) AS direction,
        coalesce(
            min(channel) FILTER (WHERE event_type = 'contact_initiated' AND previous_contact_id IS NULL),
            min(channel)
        ) AS channel,
        coalesce(bool_or(outcome = 'not_a_call'), false) AS is_not_a_call
    FROM telephony_events
    WHERE event_type IN ('contact_initiated', 'contact_ended')
    GROUP BY source, initial_contact_id
),
folded AS (
    SELECT
        source, initial_contact_id, queue_visit_id,
        min(contact_id) AS contact_id,
        coalesce(min(queue_id) FILTER (WHERE event_type = 'queue_entered'), min(queue_id)) AS queue_id,
        min(occurred_at) FILTER (WHERE event_type = 'queue_entered') AS entered_at,
        min(occurred_at) FILTER (WHERE event_type = 'contact_answered') AS answered_at,
        min(occurred_at) FILTER (WHERE event_type = 'contact_abandoned') AS abandoned_at,
        min(occurred_at) FILTER (WHERE event_type = 'queue_exited') AS exited_at,
        coalesce(bool_or(exit_reason = 'callback'), false) AS is_called_back,
        min(wait_ms) FILTER (WHERE event_type = 'contact_answered') AS answered_wait_ms,
        min(wait_ms) FILTER (WHERE event_type = 'contact_abandoned') AS abandoned_wait_ms,
        min(wait_ms) FILTER (WHERE event_type = 'queue_exited') AS exited_wait_ms,
        min(agent) FILTER (WHERE event_type = 'contact_answered') AS agent
    FROM telephony_events
    WHERE queue_visit_id IS NOT NULL
    GROUP BY source, initial_contact_id, queue_visit_id
),
-- An answer settles a stay, whatever else a source reports of it; who asked for a callback has not given up.
visits AS (
    SELECT
        *,
        coalesce(entered_at, answered_at, abandoned_at, exited_at) AS offered_at,
        CASE
            WHEN answered_at IS NOT NULL THEN 'answered'
            WHEN abandoned_at IS NOT NULL AND NOT is_called_back THEN 'abandoned'
            WHEN exited_at IS NOT NULL THEN 'exited'
            ELSE 'unknown'
        END AS outcome,
        CASE
            WHEN answered_at IS NOT NULL AND entered_at IS NULL THEN 0
            WHEN answered_at IS NOT NULL THEN answered_wait_ms
            WHEN abandoned_at IS NOT NULL AND NOT is_called_back THEN abandoned_wait_ms
            ELSE exited_wait_ms
        END AS wait_ms
    FROM folded
),
placed AS (
    SELECT visits.*, local_date(offered_at) AS local_date FROM visits
)
SELECT
    placed.source, placed.initial_contact_id, queue_visit_id, contact_id,
    offered_at,
    interval_start(offered_at) AS interval_start,
    local_date,
    local_time(offered_at) AS local_time,
    utc_offset_minutes(offered_at) AS utc_offset_minutes,
    coalesce(placed.queue_id, '(unknown)') AS queue,
    coalesce(service_area, '(unknown)') AS service_area,
    coalesce(service_class, '(unknown)') AS service_class,
    coalesce(channel, '(unknown)') AS channel,
    NOT coalesce(is_not_a_call, false) AND coalesce(direction, 'inbound') = 'inbound' AS is_inbound_call,
    outcome,
    wait_ms,
    agent,
    entered_at, answered_at, abandoned_at, exited_at,
    coalesce(short_abandon_ms, 5000) AS short_abandon_ms,
    outcome = 'abandoned' AND wait_ms <= coalesce(short_abandon_ms, 5000) AS is_short_abandon,
    answer_target_ms,
    first_of_month(local_date) AS local_month
FROM placed
LEFT JOIN contacts
    ON contacts.source = placed.source AND contacts.initial_contact_id = placed.initial_contact_id
LEFT JOIN queue_map
    ON queue_map.queue_id = placed.queue_id
    AND queue_map.effective_from <= local_date
    AND (queue_map.effective_until IS NULL OR local_date < queue_map.effective_until)
