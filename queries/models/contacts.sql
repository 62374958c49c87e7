-- When was a resident in touch, through which channel, about what? Calls, forms sent off and reports, as one.
SELECT
    source, 'call' AS contact_kind, initial_contact_id AS contact_id,
    concat(source, ':', initial_contact_id) AS own_ref,
    arrived_at AS started_at, counted_at, interval_start, local_date,
    queue, service_area, service_class, channel, subject_group,
    outcome = 'answered' AS was_received,
    avoidable_reason, customer_tokens, case_refs, local_month,
    first_of_month(local_date(arrived_at)) AS started_month
FROM calls
WHERE is_inbound_call
UNION ALL
SELECT
    source, 'submission', form_session_id,
    concat(source, ':', form_session_id),
    submitted_at AS started_at, submitted_at AS counted_at, interval_start(submitted_at), submitted_local_date,
    '(unknown)', submitted_service_area, submitted_service_class, channel, submitted_subject_group,
    true,
    CAST(NULL AS VARCHAR), customer_tokens, case_refs, first_of_month(submitted_local_date),
    first_of_month(submitted_local_date)
FROM form_sessions
WHERE submitted_at IS NOT NULL
UNION ALL
SELECT
    source, 'report', report_id,
    concat(source, ':', report_id),
    confirmed_at AS started_at, confirmed_at AS counted_at, interval_start, local_date,
    '(unknown)', service_area, service_class, channel, subject_group,
    true,
    CAST(NULL AS VARCHAR), customer_tokens, case_refs, local_month,
    first_of_month(local_date(confirmed_at))
FROM reports
WHERE is_made
