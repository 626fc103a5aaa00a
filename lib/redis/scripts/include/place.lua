-- place
-- THE MOVING INCLUDE: only here does a waiting job get or leave its place in an index, and only
-- here is a name announced as claimable earlier than before.
-- Expects ARGV[3]: news channel, empty for none. ARGV[4]: the head of a message, JSON without its end.
-- @include time, key, order, writes, record
local earliest = {}

local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end

-- Which secondary index counts a waiting job, if any.
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end

-- Puts a waiting job where its time, priority and flags say; `at` must not be nil.
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end

-- Takes a waiting or finished job out of whatever place it has.
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end

-- A job without a time stands among the ended ones, as its last failure or success says: there, 'dead' or 'completed'.
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end

-- Where a job belongs that nobody holds: `at` may be nil. Tells among which ended ones it stands, if it does.
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end

-- A job whose record is damaged can go nowhere else than among the dead, where it is found.
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end

-- What a script that writes one job tells of it besides: JSON, with a comma in front.
local about = ''

-- News may be lost: a user who may not publish hears no error after the jobs were written.
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end

-- Of a name whose due jobs all keep their places (see take-ready) the due time is marked: it is half a ms
-- early. Hosts that may not have those sleep until something else is due, and hear of all that comes.
local function is_marked(due)
  return due % 1 > 0
end

local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end

-- After the flush: names that became claimable earlier get their due time, and then their news. Tells
-- whether there was any.
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
