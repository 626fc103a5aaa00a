-- get-jobs
-- Reads jobs as they stand at one instant.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  time in ms; empty for the server's clock
-- ARGV[3..]  ids, 100 at most
--
-- Returns  { now, and for each id: record, state, lease entry, result; empty where there is none }
-- @include time
-- @include key
local ids = {}
for i = 3, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
local columns = {}
for n, key in ipairs({ JOBS, STATE, LEASE, RESULTS }) do
  columns[n] = redis.call('HMGET', key, unpack(ids))
end
local reply = { now_text }
for i = 1, #ids do
  for _, column in ipairs(columns) do
    reply[#reply + 1] = column[i] or ''
  end
end
return reply
