-- watch-states
-- Notes that a process listens for what happens to jobs: until then claims tell every host so.
-- Never shortens what another process asked for. Its first write is of a kind that Redis allows when
-- its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  watchedUntil
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  for how long, in ms
--
-- Returns  { now }
-- @include time
-- @include key
redis.call('PERSIST', META)
local watched_until = soon + tonumber(ARGV[3])
if watched_until > tonumber(redis.call('HGET', META, 'watchedUntil') or 0) then
  redis.call('HSET', META, 'watchedUntil', text(watched_until))
end
return { now_text }
