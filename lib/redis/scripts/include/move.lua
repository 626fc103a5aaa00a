-- move
-- Gives the next run of a job another time.
-- @include record

-- The occurrence that the run of a recurring job is for stays what it was: what comes after it is planned from
-- that, so an interval keeps its grid, and an occurrence that lies ahead of an early run still comes.
local function move(facts, flags, planned_at, at)
  local occurrence_at = has_flag(flags, FLAG.has_rule) and (facts.occurrenceAt or planned_at) or nil
  facts.occurrenceAt = occurrence_at ~= at and occurrence_at or nil
  facts.nextRunAt = at
end
