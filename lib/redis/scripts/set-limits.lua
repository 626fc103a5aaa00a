-- set-limits
-- Sets limits of a name by hand, which win over those of its handler, or takes them back. They hold from
-- now on: the name is closed or opened at once. Its first write is of a kind that Redis allows when its
-- memory is full. A repeat of a call that was carried out changes nothing.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  gated, capped
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  nonce of the call
-- ARGV[6]  how long the call is known for its repeats, in ms
-- ARGV[7]  name
-- ARGV[8]  limits as JSON; empty to take them back
-- ARGV[9]  'away' where all jobs of the name live in another partition, else empty
--
-- Returns  { now }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include gone
-- @include limits
local SAVED, name = prefix .. 'saved', ARGV[7]
if tonumber(redis.call('ZSCORE', SAVED, ARGV[5]) or 0) > now then return { now_text } end

redis.call('PERSIST', META)
if ARGV[8] == '' then redis.call('HDEL', LIMITS, name) else redis.call('HSET', LIMITS, name, ARGV[8]) end
rebuild_gate(name, ARGV[9] == 'away')
redis.call('ZADD', SAVED, text(soon + ARGV[6]), ARGV[5])
forget(SAVED, 10)
return { now_text }
