-- What became of each go at a form?
-- Only min, max and counts of distinct things: an event that comes twice, late or out of order gives the same row.
-- A form left alone for 24 hours, as long as a saved one is kept, counts as abandoned. That is no event but what
-- the passing of time makes of it, and it is taken back when the resident goes on.
WITH folded AS (
    SELECT
        source, form_session_id,
        min(occurred_at) AS first_event_at,
        max(occurred_at) + INTERVAL '24 hours' AS abandoned_at,
        min(occurred_at) FILTER (WHERE event_type = 'form_started') AS started_at,
        min(form_id) AS form_id,
        min(transaction_code) AS transaction_code,
        coalesce(bool_or(assisted OR started_by = 'staff'), false) AS is_assisted,
        min(device) AS device,
        count(DISTINCT step_id) FILTER (WHERE event_type = 'step_completed') AS steps_completed,
        max(step_no) AS last_step_no,
        count(DISTINCT event_id) FILTER (WHERE event_type = 'validation_failed') AS validation_failures,
        min(occurred_at) FILTER (WHERE event_type = 'form_submitted') AS submitted_at,
        min(completion) AS completion,
        min(occurred_at) FILTER (WHERE event_type = 'submission_accepted') AS accepted_at,
        min(occurred_at) FILTER (WHERE event_type = 'submission_failed') AS failed_at,
        min(occurred_at) FILTER (WHERE event_type = 'session_expired') AS expired_at
    FROM webform_events
    GROUP BY source, form_session_id
),
tokens AS (
    SELECT source, form_session_id, array_agg(DISTINCT token ORDER BY token) AS customer_tokens
    FROM (
        SELECT source, form_session_id, unnest(customer_tokens) AS token
        FROM webform_events
        WHERE customer_tokens IS NOT NULL
    ) AS each_token
    GROUP BY source, form_session_id
),
case_refs AS (
    SELECT source, form_session_id, array_agg(DISTINCT ref ORDER BY ref) AS case_refs
    FROM (SELECT source, form_session_id, unnest(case_refs) AS ref FROM webform_events) AS each_ref
    GROUP BY source, form_session_id
),
-- A session belongs to the day on which it began.
dated AS (
    SELECT
        *,
        coalesce(started_at, first_event_at) AS counted_at,
        local_date(coalesce(started_at, first_event_at)) AS local_date,
        local_date(submitted_at) AS submitted_local_date,
        coalesce(transaction_code, form_id) AS category,
        -- What the target system never took is no completed form.
        CASE
            WHEN submitted_at IS NOT NULL AND (failed_at IS NULL OR accepted_at IS NOT NULL) THEN 'completed'
            WHEN submitted_at IS NOT NULL THEN 'failed'
            WHEN expired_at IS NOT NULL THEN 'expired'
            WHEN abandoned_at <= $as_of THEN 'abandoned'
            ELSE 'open'
        END AS outcome
    FROM folded
)
SELECT
    dated.source, dated.form_session_id,
    CASE WHEN outcome = 'abandoned' THEN abandoned_at END AS holds_from,
    CASE WHEN outcome = 'open' THEN abandoned_at END AS next_change_at,
    started_at, submitted_at, accepted_at, failed_at, expired_at, counted_at,
    interval_start(counted_at) AS interval_start,
    local_date,
    local_time(counted_at) AS local_time,
    utc_offset_minutes(counted_at) AS utc_offset_minutes,
    submitted_local_date,
    form_id, transaction_code, dated.category,
    outcome,
    completion,
    is_assisted,
    CASE WHEN is_assisted THEN 'assisted' ELSE 'web_form' END AS channel,
    device, steps_completed, last_step_no, validation_failures,
    coalesce(at_start.service_area, '(unknown)') AS service_area,
    coalesce(at_start.service_class, '(unknown)') AS service_class,
    coalesce(at_start.subject_group, '(unknown)') AS subject_group,
    coalesce(at_submission.service_area, '(unknown)') AS submitted_service_area,
    coalesce(at_submission.service_class, '(unknown)') AS submitted_service_class,
    coalesce(at_submission.subject_group, '(unknown)') AS submitted_subject_group,
    customer_tokens,
    case_refs,
    first_of_month(local_date) AS local_month
FROM dated
LEFT JOIN tokens ON tokens.source = dated.source AND tokens.form_session_id = dated.form_session_id
LEFT JOIN case_refs ON case_refs.source = dated.source AND case_refs.form_session_id = dated.form_session_id
LEFT JOIN category_map AS at_start
    ON at_start.category_system = 'webform' AND at_start.category = dated.category
    AND at_start.effective_from <= local_date
    AND (at_start.effective_until IS NULL OR local_date < at_start.effective_until)
LEFT JOIN category_map AS at_submission
    ON at_submission.category_system = 'webform' AND at_submission.category = dated.category
    AND at_submission.effective_from <= submitted_local_date
    AND (at_submission.effective_until IS NULL OR submitted_local_date < at_submission.effective_until)
