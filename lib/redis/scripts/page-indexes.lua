-- page-indexes
-- Reads a stretch of each of several indexes: who stands there, in the index's order, without looking
-- at records. Recurring jobs and those that wait for a retry are left out where they stand among others.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  '+' to go forwards, '-' to go backwards
-- ARGV[4]  the instant that parts what is due from what is ahead, in ms
-- ARGV[5..]  for each stretch four: name; index and part ('all' | 'due' | 'ahead', or 'line': due, as in `ready`);
--            where it begins ('rank' and a rank, 'score' and a score, or 'behind', a score and the
--            member there); how many to look at. 100 stretches and 500 members at most
--
-- Returns  { now, and for each stretch: six numbers with blanks between (how many stand in the part, 1 when some of
--          its index may be left out, how many stand before it, how many were looked at, how many follow, the
--          score of the last looked at), the last looked at, and those that follow: member, score … }
--          fewer are looked at than asked for only at the end of the part
-- @include time
-- @include key
-- @include order
local backwards, at = ARGV[3] == '-', ARGV[4]
local SHARED = { ready = true, timed = true, lined = true, parked = true }
local reply = { now_text }

-- From which rank to before which one a part reaches, seen in the direction of the walk.
local function bounds(key, part)
  local size = redis.call('ZCARD', key)
  local first, past = 0, size
  if part ~= 'all' then
    local due = redis.call('ZCOUNT', key, '-inf', at)
    if part == 'ahead' then first = due else past = due end
  end
  if backwards then return size - past, size - first end
  return first, past
end

local function rank_of_score(key, score)
  if backwards then return redis.call('ZCOUNT', key, '(' .. score, '+inf') end
  return redis.call('ZCOUNT', key, '-inf', '(' .. score)
end

-- How many stand before a member that has gone, found by halves, since thousands may have one score.
local function rank_of_gap(key, score, member)
  local low, high = redis.call('ZCOUNT', key, '-inf', '(' .. score), redis.call('ZCOUNT', key, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_behind(redis.call('ZRANGE', key, middle, middle)[1], member) then high = middle else low = middle + 1 end
  end
  return backwards and redis.call('ZCARD', key) - low or low
end

-- Where the stretch begins; behind a member that has gone, where it would be.
local function start_of(key, first, start)
  local how, value, member = string.match(start, '^(%l+) (%S+) ?(.*)$')
  if how == 'rank' then return first + value end
  if how == 'score' then return math.max(rank_of_score(key, value), first) end
  local rank = redis.call(backwards and 'ZREVRANK' or 'ZRANK', key, member)
  return math.max(rank and rank + 1 or rank_of_gap(key, value, member), first)
end

-- What tells the jobs of a name that are counted by another word than their place says; nil when there are none.
local function others(name, place)
  if not SHARED[place] then return end
  local repeating, retrying = index('repeating', name), index('retrying', name)
  if redis.call('EXISTS', repeating, retrying) == 0 then return end
  return function(id)
    return redis.call('ZSCORE', repeating, id) or redis.call('ZSCORE', retrying, id)
  end
end

local function id_of(place, member)
  if place == 'ready' then return string.sub(member, READY_ID) end
  return place == 'timed' and string.match(member, '^[^:]*:(.*)$') or member
end

-- The member and score that a due job will have in `ready`.
local function in_line(member, score)
  local seq, mark, priority, id = string.match(member, '^(%x%x%x%x%x%x%x%x%x%x%x%x)(%^?)([^:]*):(.*)$')
  local due_at, of_priority, is_first = tonumber(score), tonumber(priority) or 0, mark ~= ''
  -- A number in a reply would lose its fraction.
  local in_ready = ready_member(due_at, tonumber(seq, 16), of_priority, id, is_first)
  return in_ready, string.format('%.17g', ready_score(due_at, of_priority, is_first))
end

for i = 5, #ARGV, 4 do
  local name, place, part = ARGV[i], string.match(ARGV[i + 1], '^(%l+) (%l+)$')
  local key, is_other = index(place, name), others(name, place)
  local first, past = bounds(key, part)
  local start = start_of(key, first, ARGV[i + 2])
  local stop = math.min(start + ARGV[i + 3], past) - 1
  local entries = stop < start and {} or redis.call(backwards and 'ZREVRANGE' or 'ZRANGE', key, start, stop, 'WITHSCORES')
  local looked = #entries / 2
  local head, kept = #reply + 1, 0
  reply[head], reply[head + 1] = '', entries[2 * looked - 1] or ''
  for n = 1, looked do
    local entry, score = entries[2 * n - 1], entries[2 * n]
    if not (is_other and is_other(id_of(place, entry))) then
      if part == 'line' then entry, score = in_line(entry, score) end
      kept = kept + 1
      reply[head + 2 * kept], reply[head + 1 + 2 * kept] = entry, score
    end
  end
  reply[head] = table.concat({ past - first, is_other and 1 or 0, start - first, looked, kept, entries[2 * looked] or 0 }, ' ')
end
return reply
