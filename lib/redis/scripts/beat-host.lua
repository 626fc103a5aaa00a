-- beat-host
-- Notes that a host is there, and what it tells of itself; forgets a few of those that have not been heard of for
-- too long. Its first write is of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  host
-- ARGV[4]  what it tells of itself, as JSON; empty when it leaves
-- ARGV[5]  for how long a host is remembered that says nothing, in ms
--
-- Returns  { now }
-- @include time
-- @include key
local HOSTS, TOLD, MOST_FORGOTTEN = prefix .. 'hosts', prefix .. 'hosts:told', 10
local gone = redis.call('ZRANGEBYSCORE', HOSTS, '-inf', text(now - tonumber(ARGV[5])), 'LIMIT', 0, MOST_FORGOTTEN)
if ARGV[4] == '' then gone[#gone + 1] = ARGV[3] end
if gone[1] then
  redis.call('ZREM', HOSTS, unpack(gone))
  redis.call('HDEL', TOLD, unpack(gone))
end
if ARGV[4] ~= '' then
  redis.call('PERSIST', META)
  redis.call('ZADD', HOSTS, now_text, ARGV[3])
  redis.call('HSET', TOLD, ARGV[3], ARGV[4])
end
return { now_text }
