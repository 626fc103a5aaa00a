-- get-jobs
-- Reads jobs as they stand at one instant.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3..]  ids, 100 at most
--
-- Returns  { now, and for each id that was read: record, state, lease entry, result; empty where there is none }
--          fewer ids than asked for, one at least, when they are large: ask again for the rest
-- @include time
-- @include key
-- @include read
-- @include record
local ids, reply = {}, { now_text }
for i = 3, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
read_some(ids, { JOBS, STATE, LEASE, RESULTS }, function(_, id, record, state, entry, result)
  for _, part in ipairs({ record or '', with_progress(id, state), with_progress(id, entry), result or '' }) do
    reply[#reply + 1] = part
  end
end)
return reply
