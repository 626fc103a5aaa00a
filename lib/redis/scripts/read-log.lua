-- read-log
-- Reads a page of the log, or as much of it as one call may, and counts what meets the conditions.
-- Only entries of the page are read.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  'all' | 'name' | 'job': which index
-- ARGV[4]  the name or id; empty for all
-- ARGV[5]  first time; -inf for none
-- ARGV[6]  last time; +inf for none
-- ARGV[7]  'asc' | 'desc'
-- ARGV[8]  letters of levels; empty for all
-- ARGV[9]  letters of events; empty for all
-- ARGV[10] a job name that must be met as well; empty for none
-- ARGV[11] cursor; empty at the beginning
-- ARGV[12] how many that meet the conditions come before the page
-- ARGV[13] how many the page may still take
--
-- Returns  { now, how many met the conditions, cursor or empty at the end, and for each entry: id, time, letters, text }
-- @include time
-- @include key
-- @include read
-- @include log-keys
-- @include log-walk
local skip, wanted = tonumber(ARGV[12]), tonumber(ARGV[13])
local room, skipped, limit = math.min(wanted, 100), 0, WALK_LIMIT
-- Without a filter ranks tell how many there are and where the page begins.
if not is_filtered then skip, skipped, limit = 0, skip, room end

local ids, page, met = {}, {}, 0
local cursor = walk(skipped, limit, function(member, at)
  met = met + 1
  if met > skip and #page < room then
    page[#page + 1] = { member = member, at = at, met = met }
    ids[#ids + 1] = string.sub(member, 1, 12)
  end
end)
local reply = { now_text, '', '' }
local read = read_some(ids, { LOGS }, function(i, id, entry)
  if not entry then return end
  for _, part in ipairs({ id, page[i].at, string.sub(page[i].member, 13), entry }) do
    reply[#reply + 1] = part
  end
end)
-- What does not go along is for the next call to meet.
if read > 0 and (read < #page or read < wanted and read == room) then
  met, cursor = page[read].met, cursor_of(page[read].member, page[read].at)
end
if not is_filtered then
  met = ARGV[11] == '' and in_range or 0
  if read == wanted then cursor = nil end
end
reply[2], reply[3] = tostring(met), cursor or ''
return reply
