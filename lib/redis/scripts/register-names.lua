-- register-names
-- Stores what any host must know of a name: to rescue and prune its jobs, and its limits, which hold from
-- now on. The last writer counts. Its first write is of a kind that Redis allows when its memory is full: a
-- worker that starts then makes room.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  gated, capped
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5..]  for each name: name, settings as JSON, 'away' where all its jobs live in another partition, else empty
--
-- Returns  { now }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include limits
redis.call('PERSIST', META)
for i = 5, #ARGV, 3 do
  local name, settings, away = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  redis.call('HSET', prefix .. 'settings', name, settings)
  if away ~= '' or in_use('gated') or string.find(settings, '"limits":', 1, true) then rebuild_gate(name, away == 'away') end
end
return { now_text }
