-- read-history
-- How the newest attempts of a job ended, and what its state tells where that is all there is.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  id
--
-- Returns  { now } when there is no such job; else { now, state or empty, and the entries, the newest first … }
-- @include time
-- @include key
local id = ARGV[3]
if redis.call('HEXISTS', JOBS, id) == 0 then return { now_text } end
-- Where a stranger has put something else in its place there are no entries.
local entries = redis.pcall('LRANGE', prefix .. 'history:' .. id, 0, -1)
return { now_text, redis.call('HGET', STATE, id) or '', unpack(entries) }
