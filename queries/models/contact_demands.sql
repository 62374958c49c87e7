-- Which contacts are about one demand, which of them began it, and which chased it?
-- Contacts that share a reference (their own id or that of a case) are of one demand, and so are contacts joined
-- by a chain of such steps, up to four. Each contact starts with a label of its own, the instant and its id; in each
-- round it takes the smallest label among those that it shares a reference with. Cost: a pass for each round, however
-- many contacts share a reference.
WITH refs AS (
    -- Only contacts with a reference to another matter, or that another contact refers to, can be joined.
    SELECT own_ref AS contact_ref, unnest(case_refs) AS ref FROM contacts WHERE case_refs IS NOT NULL
    UNION
    SELECT own_ref AS contact_ref, own_ref AS ref FROM contacts
    WHERE case_refs IS NOT NULL OR own_ref IN (SELECT unnest(case_refs) FROM contacts WHERE case_refs IS NOT NULL)
),
labels_0 AS (
    SELECT own_ref AS contact_ref, concat(lpad(CAST(CAST(started_at AS BIGINT) AS VARCHAR), 20, '0'), ' ', own_ref) AS label
    FROM contacts
),
labels_1 AS (
    SELECT refs.contact_ref, min(smallest) AS label
    FROM refs
    JOIN (
        SELECT ref, min(label) AS smallest
        FROM refs JOIN labels_0 ON labels_0.contact_ref = refs.contact_ref
        GROUP BY ref
    ) AS by_ref ON by_ref.ref = refs.ref
    GROUP BY refs.contact_ref
),
labels_2 AS (
    SELECT refs.contact_ref, min(smallest) AS label
    FROM refs
    JOIN (
        SELECT ref, min(label) AS smallest
        FROM refs JOIN labels_1 ON labels_1.contact_ref = refs.contact_ref
        GROUP BY ref
    ) AS by_ref ON by_ref.ref = refs.ref
    GROUP BY refs.contact_ref
),
labels_3 AS (
    SELECT refs.contact_ref, min(smallest) AS label
    FROM refs
    JOIN (
        SELECT ref, min(label) AS smallest
        FROM refs JOIN labels_2 ON labels_2.contact_ref = refs.contact_ref
        GROUP BY ref
    ) AS by_ref ON by_ref.ref = refs.ref
    GROUP BY refs.contact_ref
),
labels_4 AS (
    SELECT refs.contact_ref, min(smallest) AS label
    FROM refs
    JOIN (
        SELECT ref, min(label) AS smallest
        FROM refs JOIN labels_3 ON labels_3.contact_ref = refs.contact_ref
        GROUP BY ref
    ) AS by_ref ON by_ref.ref = refs.ref
    GROUP BY refs.contact_ref
),
joined AS (
    SELECT contacts.*, coalesce(substr(label, 22), own_ref) AS demand_ref
    FROM contacts LEFT JOIN labels_4 ON labels_4.contact_ref = contacts.own_ref
),
-- A report or form that staff filled in while the resident was on the phone is part of that call.
parted AS (
    SELECT
        *,
        channel = 'assisted'
            AND sum(CASE WHEN contact_kind = 'call' THEN 1 ELSE 0 END) OVER (PARTITION BY demand_ref) > 0 AS is_part
    FROM joined
),
placed AS (
    SELECT
        *,
        NOT is_part AND row_number() OVER (PARTITION BY demand_ref, is_part ORDER BY started_at, own_ref) = 1 AS is_first
    FROM parted
)
SELECT
    demand_ref,
    source, contact_kind, contact_id, own_ref, started_at, counted_at, interval_start, local_date,
    queue, service_area, service_class, channel, subject_group,
    was_received,
    is_part,
    is_first,
    -- What the agent found holds; else whoever comes back about the same matter chases it.
    NOT is_part AND coalesce(avoidable_reason = 'progress_chasing', NOT is_first) AS is_chaser,
    customer_tokens,
    local_month,
    started_month
FROM placed
