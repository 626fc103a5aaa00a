-- clear-log
-- Deletes what meets the conditions, or as much of it as one call may, the newest first: what is
-- written meanwhile stays.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  'all' | 'name' | 'job': which index
-- ARGV[4]  the name or id; empty for all
-- ARGV[5]  first time; -inf for none
-- ARGV[6]  last time; +inf for none
-- ARGV[7]  'desc'
-- ARGV[8]  letters of levels; empty for all
-- ARGV[9]  letters of events; empty for all
-- ARGV[10] a job name that must be met as well; empty for none
-- ARGV[11] cursor; empty at the beginning
--
-- Returns  { now, how many were deleted, cursor or empty at the end }
-- @include time
-- @include key
-- @include writes
-- @include log
-- @include log-walk
local members, times, met = {}, {}, 0
local cursor = walk(0, WALK_LIMIT, function(member, at)
  met = met + 1
  if met <= drops_left then members[met], times[met] = member, at end
end)
local dropped = drop_entries(walked, members)
flush()
if dropped < met then cursor = cursor_of(members[dropped], times[dropped]) end
return { now_text, tostring(dropped), cursor or '' }
