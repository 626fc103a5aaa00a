-- read-events
-- Reads the durable stream of events, a page of it, oldest first: about 1 MiB at most.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  stream, eventSeq, eventsDropped
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  'end' for the newest entry alone; else the id of the entry to begin with, itself included
-- ARGV[4]  how many events are enough
--
-- Returns  { now, '1' if the stream is kept else empty, number of the newest event, of the newest that is gone,
--            and for each entry: its id, number of its first event, its time, its events as JSON }
-- @include time
-- @include key
local STREAM, STEP, MOST_BYTES = prefix .. 'events', 8, 1048576
local meta = redis.call('HMGET', META, 'stream', 'eventSeq', 'eventsDropped')
local newest = tonumber(meta[2] or 0)
local reply = { now_text, meta[1] and '1' or '', text(newest), meta[3] or '0' }

local function add(entry)
  local fields = entry[2]
  for _, part in ipairs({ entry[1], fields[2], fields[4], fields[6] }) do
    reply[#reply + 1] = part
  end
end

if not meta[1] then return reply end
if ARGV[3] == 'end' then
  for _, entry in ipairs(redis.call('XREVRANGE', STREAM, '+', '-', 'COUNT', 1)) do
    add(entry)
  end
  return reply
end

-- The first entry may have been read before, in whole or in part, and counts no more than others.
local from, has_more, first_number, bytes = ARGV[3], true, nil, 0
while has_more do
  local entries = redis.call('XRANGE', STREAM, from, '+', 'COUNT', STEP)
  for i, entry in ipairs(entries) do
    if i > 1 or from == ARGV[3] then
      add(entry)
      first_number = first_number or tonumber(entry[2][2])
      bytes = bytes + #entry[2][6]
    end
  end
  local last = entries[#entries]
  has_more = #entries == STEP and last[2][2] - first_number < tonumber(ARGV[4]) and bytes < MOST_BYTES
  from = last and last[1]
end
return reply
