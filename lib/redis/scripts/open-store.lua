-- open-store
-- Fixes the layout and the settings of a store at the first connect; tells what is fixed afterwards.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  layout, sort, partitions, goneMs, moving
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  how long this process goes on repeating a call, in ms
-- ARGV[4..]  fields and values to fix
--
-- Returns  { now, and for each field: the value in force }; or { now, 'foreign', type } when something else lives under this prefix, { now, 'moving', what } while its number of partitions is changed
-- @include time
-- @include key
local kind = redis.call('TYPE', META).ok
if kind ~= 'none' and kind ~= 'hash' then return { now_text, 'foreign', kind } end
if kind == 'none' and redis.call('EXISTS', prefix .. 'jobs:all') == 1 then
  return { now_text, 'foreign', 'the layout of another backend (it has a key jobs:all)' }
end
local moving = kind == 'hash' and redis.call('HGET', META, 'moving')
if moving then return { now_text, 'moving', moving } end
-- A kind of write that Redis allows when its memory is full: a worker that starts then makes room.
if kind == 'hash' then redis.call('PERSIST', META) end
local reply, fits = { now_text }, true
for i = 4, #ARGV, 2 do
  if redis.call('HEXISTS', META, ARGV[i]) == 0 then redis.call('HSET', META, ARGV[i], ARGV[i + 1]) end
  reply[#reply + 1] = redis.call('HGET', META, ARGV[i])
  fits = fits and reply[#reply] == ARGV[i + 1]
end
-- What was removed is remembered for as long as the most patient process may repeat its add.
if fits and tonumber(ARGV[3]) > tonumber(redis.call('HGET', META, 'goneMs') or 0) then
  redis.call('HSET', META, 'goneMs', ARGV[3])
end
return reply
