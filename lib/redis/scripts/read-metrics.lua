-- read-metrics
-- Reads the metrics of names over the newest minutes, and since when the oldest due job of each is due.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  how many minutes, the present one included
-- ARGV[4..]  names; 1,200 rows at most
--
-- Returns  { now, for each name: how long its oldest due job has been due, in ms; then for each row: minute, name, numbers }
-- @include time
-- @include key
-- @include order
-- @include record
-- @include oldest-due
local names, reply = { unpack(ARGV, 4) }, { now_text }
for _, name in ipairs(names) do
  local since = oldest_due(name)
  reply[#reply + 1] = since and text(now - since) or '0'
end
local last_minute = math.floor(now / 60000)
for minute = last_minute - ARGV[3] + 1, last_minute do
  local rows = redis.call('HMGET', prefix .. 'metrics:' .. text(minute), unpack(names))
  for i, name in ipairs(names) do
    if rows[i] then
      local last = #reply
      reply[last + 1], reply[last + 2], reply[last + 3] = text(minute), name, rows[i]
    end
  end
end
return reply
