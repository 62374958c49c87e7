-- What should a measure reach, in which slice, from when until when? $kpi is the measure.
SELECT slice, effective_from, effective_until, value, status
FROM targets
WHERE kpi = $kpi
ORDER BY slice, effective_from
