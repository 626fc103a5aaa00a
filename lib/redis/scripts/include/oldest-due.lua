-- oldest-due
-- Since when the oldest due job of a name has been due. Costs O(priorities), 32 of them at most: of each the one
-- that is due for the longest stands at an end of its line. A job with a key counts from its turn.
-- @include time, key, order, record
local MOST_PRIORITIES, MOST_FIRST = 32, 100

local function time_in_record(id)
  local asked_at = asked(redis.call('HGET', JOBS, id) or '')
  return planned(asked_at, happened(redis.call('HGET', STATE, id)))
end

-- The time that a member of `ready` tells, or that its record does.
local function time_of(member, score)
  if FIRST == 't' and score > FRONT then return score end
  if FIRST == 'T' and score > FRONT then return -score end
  local key = (SECOND == 't' or SECOND == 'T') and tonumber(string.sub(member, 1, TIME_WIDTH), 16)
  if key then return SECOND == 't' and key - EPOCH or LATEST - key - EPOCH end
  return time_in_record(string.sub(member, READY_ID))
end

-- Those that go first stand in front, whatever their time; behind them the line is in order.
local function oldest_of_score(ready, score, see)
  local bound = string.format('%.17g', score)
  see(redis.call('ZREVRANGEBYSCORE', ready, bound, bound, 'LIMIT', 0, 1)[1], score)
  local line = redis.call('ZRANGEBYSCORE', ready, bound, bound, 'LIMIT', 0, 1)
  see(line[1], score)
  if string.byte(line[1], 1) ~= 45 then return end
  line = redis.call('ZRANGEBYSCORE', ready, bound, bound, 'LIMIT', 1, MOST_FIRST)
  for _, member in ipairs(line) do
    if string.byte(member, 1) ~= 45 then
      see(member, score)
      return
    end
  end
end

-- Nil where nothing is due.
local function oldest_due(name)
  local oldest = math.huge
  local function note(at)
    if at and at < oldest then oldest = at end
  end
  for _, place in ipairs({ 'timed', 'lined' }) do
    note(tonumber(redis.call('ZRANGE', index(place, name), 0, 0, 'WITHSCORES')[2]))
  end
  local ready = index('ready', name)
  local head = redis.call('ZRANGE', ready, 0, 0, 'WITHSCORES')
  for _ = 1, MOST_PRIORITIES do
    local score = tonumber(head[2])
    if not score then break end
    oldest_of_score(ready, score, function(member, of_score)
      note(time_of(member, of_score))
    end)
    if FIRST == 't' and score > FRONT then break end
    head = redis.call('ZRANGEBYSCORE', ready, '(' .. string.format('%.17g', score), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  end
  -- With the newest in front the last one of all is the oldest.
  if FIRST == 'T' then
    local last = redis.call('ZREVRANGE', ready, 0, 0, 'WITHSCORES')
    if last[1] then note(time_of(last[1], tonumber(last[2]))) end
  end
  return oldest <= now and oldest or nil
end
