-- forget-name
-- Forgets a name that has no jobs any more; its settings, limits and pause stay. Its first write is of a kind
-- that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  name
--
-- Returns  { now, '1' when the name is forgotten, empty while there are jobs of it }
-- @include time
-- @include key
local name = ARGV[3]
for _, place in ipairs({ 'ready', 'timed', 'lined', 'parked', 'running', 'completed', 'dead' }) do
  if redis.call('EXISTS', index(place, name)) == 1 then return { now_text, '' } end
end
redis.call('SREM', prefix .. 'names', name)
-- A name that is closed has no time at all, and must not get one by the next job that is added.
if redis.call('ZSCORE', DUE, name) ~= '-inf' then redis.call('ZREM', DUE, name) end
return { now_text, '1' }
