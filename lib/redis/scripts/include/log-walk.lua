-- log-walk
-- Walks over an index of the log in either direction: at most 1,000 entries a call, of which those are
-- told that meet the conditions. Where the last call stopped says a cursor: time and number of an entry.
-- Expects ARGV[3]: 'all' | 'name' | 'job', which index. ARGV[4]: the name or id. ARGV[5], ARGV[6]: the first
-- and the last time, -inf and +inf for none. ARGV[7]: 'asc' | 'desc'. ARGV[8], ARGV[9]: letters of levels and
-- of events, empty for all. ARGV[10]: a job name that must be met as well, empty for none. ARGV[11]: the
-- cursor, empty at the beginning.
-- @include time, key, log-keys
local WALK_LIMIT = 1000
local walked = ARGV[3] == 'all' and LOGS_ALL or index('logs:' .. ARGV[3], ARGV[4])
local ascending, levels, events = ARGV[7] == 'asc', ARGV[8], ARGV[9]
local other_name = ARGV[10] ~= '' and index('logs:name', ARGV[10])
local is_filtered = levels ~= '' or events ~= '' or other_name

local function number_of(member)
  return tonumber(string.sub(member, 1, 12), 16)
end

-- How many entries of the index stand before this time and number.
local function rank_of(at, number)
  local low, high = 0, redis.call('ZCARD', walked)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = redis.call('ZRANGE', walked, middle, middle, 'WITHSCORES')
    local time = tonumber(found[2])
    if time < at or (time == at and number_of(found[1]) < number) then low = middle + 1 else high = middle end
  end
  return low
end

-- The ranks that are left to walk over, both included.
local first = redis.call('ZCOUNT', walked, '-inf', '(' .. ARGV[5])
local last = redis.call('ZCOUNT', walked, '-inf', ARGV[6]) - 1
local in_range = math.max(last - first + 1, 0)
local cursor_at, cursor_number = string.match(ARGV[11], '^(.+)|(%d+)$')
if cursor_at and ascending then
  first = math.max(first, rank_of(tonumber(cursor_at), tonumber(cursor_number) + 1))
elseif cursor_at then
  last = math.min(last, rank_of(tonumber(cursor_at), tonumber(cursor_number)) - 1)
end

local function is_met(member)
  return (levels == '' or string.find(levels, string.sub(member, 13, 13), 1, true))
    and (events == '' or string.find(events, string.sub(member, 14, 14), 1, true))
    and (not other_name or redis.call('ZSCORE', other_name, member))
end

local function cursor_of(member, at)
  return at .. '|' .. text(number_of(member))
end

-- Calls `each(member, at)` for what meets the conditions, after so many ranks, and returns the cursor
-- behind the last rank it looked at; nil when there are no more.
local function walk(skipped, limit, each)
  local from, to
  if ascending then
    from = first + skipped
    to = math.min(from + limit - 1, last)
  else
    to = last - skipped
    from = math.max(to - limit + 1, first)
  end
  if from > to then return nil end
  local found = redis.call('ZRANGE', walked, from, to, 'WITHSCORES')
  for i = 1, #found, 2 do
    local n = ascending and i or #found - i
    if is_met(found[n]) then each(found[n], found[n + 1]) end
  end
  local is_end = ascending and to == last or not ascending and from == first
  local n = ascending and #found - 1 or 1
  return not is_end and cursor_of(found[n], found[n + 1]) or nil
end
