-- inspect-job
-- Reads everything that is known of a job at one instant.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  id
--
-- Returns  { now } when there is no such job; else { now, record, state, lease entry, result, when the lease
--          ends, and how attempts ended, the newest first … }; empty where there is nothing to tell
-- @include time
-- @include key
-- @include record
local id = ARGV[3]
local record = redis.call('HGET', JOBS, id)
if not record then return { now_text } end
local reply = { now_text, record }
for n, hash in ipairs({ STATE, LEASE, RESULTS }) do
  reply[n + 2] = with_progress(id, redis.call('HGET', hash, id))
end
reply[6] = redis.call('ZSCORE', LEASES, id) or ''
-- Where a stranger has put something else in the place of the history there are no entries.
for n, entry in ipairs(redis.pcall('LRANGE', prefix .. 'history:' .. id, 0, -1)) do
  reply[n + 6] = entry
end
return reply
