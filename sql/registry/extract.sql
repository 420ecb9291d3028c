/* The day up to which the extracts of this run can speak, so that suites can judge freshness.
grain: one row
materialized: table
*/
select
  cast($as_of as date) as as_of -- the run's reference date
