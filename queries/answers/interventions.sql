-- What was done that may have moved a measure? $kpi is the measure.
SELECT name, happened_on
FROM interventions
WHERE array_has(affects, $kpi)
ORDER BY happened_on, name
