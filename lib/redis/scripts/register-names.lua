-- register-names
-- Stores what any host must know of a name to rescue and prune its jobs. The last writer counts.
-- Its first write is of a kind that Redis allows when its memory is full: a worker that starts then
-- makes room.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3..]  for each name: name, settings as JSON
--
-- Returns  { now }
-- @include time
-- @include key
redis.call('PERSIST', META)
for i = 3, #ARGV, 2 do
  redis.call('HSET', prefix .. 'settings', ARGV[i], ARGV[i + 1])
end
return { now_text }
