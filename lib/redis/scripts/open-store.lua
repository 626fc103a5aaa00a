-- open-store
-- Fixes the layout and the settings of a store at the first connect; tells what is fixed afterwards.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  layout, sort, partitions
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  time in ms; empty for the server's clock
-- ARGV[3..]  fields and values to fix
--
-- Returns  { now, and for each field: the value in force }; or { now, 'foreign', type } when something else lives under this prefix
-- @include time
-- @include key
local kind = redis.call('TYPE', META).ok
if kind ~= 'none' and kind ~= 'hash' then return { now_text, 'foreign', kind } end
if kind == 'none' and redis.call('EXISTS', prefix .. 'jobs:all') == 1 then
  return { now_text, 'foreign', 'the layout of another backend (it has a key jobs:all)' }
end
local reply = { now_text }
for i = 3, #ARGV, 2 do
  if redis.call('HEXISTS', META, ARGV[i]) == 0 then redis.call('HSET', META, ARGV[i], ARGV[i + 1]) end
  reply[#reply + 1] = redis.call('HGET', META, ARGV[i])
end
return reply
