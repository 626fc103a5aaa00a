-- look-at-store
-- Tells what is fixed in a store, as `open-store` does, and writes nothing: for a user that may only read.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta  layout, sort, partitions, moving
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3..]  fields to tell
--
-- Returns  { now, and for each field: the value in force }; { now } when there is no store; or { now, 'foreign', type } when something else lives under this prefix, { now, 'moving', what } while its number of partitions is changed
-- @include time
-- @include key
local kind = redis.call('TYPE', META).ok
if kind == 'none' then return { now_text } end
if kind ~= 'hash' then return { now_text, 'foreign', kind } end
local moving = redis.call('HGET', META, 'moving')
if moving then return { now_text, 'moving', moving } end
local reply = { now_text }
for i = 3, #ARGV do
  reply[#reply + 1] = redis.call('HGET', META, ARGV[i]) or ''
end
return reply
