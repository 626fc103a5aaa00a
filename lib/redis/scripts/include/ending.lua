-- ending
-- How an attempt ends in all other manners than the most frequent one: what has happened to the job is
-- read and written anew, and it gets its next place.
-- @include time, key, writes, record, place
-- @include window-end

local function later(due, at)
  if due == '+0' then return at and math.min(at, now) or now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end

local settle_as = {}

-- argument: the next planned time, or empty. body: the result, or empty.
-- A success lies behind the failure it follows, also within one millisecond: states are told by that.
function settle_as.completed(facts, at, argument)
  facts.lastFinishedAt = math.max(now, (facts.failedAt or 0) + 1)
  facts.failCount = 0
  if argument == '' then
    facts.attempt = facts.attempt + 1
    return nil
  end
  facts.attempt, facts.rescueCount, facts.releaseCount = 0, 0, 0
  return tonumber(argument)
end

-- argument: '+ms', or an instant. body: the failure.
function settle_as.retry(facts, at, argument, body)
  facts.attempt = facts.attempt + 1
  facts.failCount = facts.failCount + 1
  facts.lastFinishedAt, facts.failedAt, facts.failure = now, now, body
  return later(argument, at)
end

-- As retry, for a recurring job whose retries are used up: its next occurrence counts anew.
settle_as['retry-fresh'] = function(facts, at, argument, body)
  local next_at = settle_as.retry(facts, at, argument, body)
  facts.attempt, facts.rescueCount, facts.releaseCount = 0, 0, 0
  return next_at
end

function settle_as.bury(facts, at, argument, body)
  settle_as.retry(facts, at, '+0', body)
  return nil
end

-- argument: '+0' for the old place, '+ms' to snooze.
function settle_as.release(facts, at, argument)
  facts.releaseCount = facts.releaseCount + 1
  return later(argument, at)
end

-- argument: the next occurrence. Nothing has run.
function settle_as.skip(facts, at, argument)
  return tonumber(argument)
end

-- Where a retry or a snooze moves a recurring job off its occurrence, that is kept.
local RULED = 16
local function occurrence(kind, facts, flags, at, next_at, pending)
  local goes_on = kind == 'retry' or kind == 'release'
  if not goes_on or pending ~= '' or math.floor(flags / RULED) % 2 == 0 then return nil end
  return facts.occurrenceAt or (next_at ~= at and at or nil)
end

-- A time saved during the run wins over the computed one; after a failure the earlier of both.
local function with_pending(kind, next_at, pending)
  if pending == '' then return next_at end
  local saved = tonumber(pending)
  if next_at and (kind == 'retry' or kind == 'release') then return math.min(next_at, saved) end
  return saved
end

-- What remains of `settle` for an attempt whose lease was given up; `done`: nothing comes after it.
local function end_attempt(id, kind, argument, body, state, lease, done)
  local name, locked_at, pending, progress = lease.name, lease.locked_at, lease.pending, lease.progress
  local facts = happened(state)
  if progress ~= '' then facts.progress = tonumber(progress) end
  if kind ~= 'skip' then facts.lastRunAt = tonumber(locked_at) end
  close_window(facts, tonumber(locked_at))
  if done then
    settle_as.completed(facts, nil, '')
    facts.nextRunAt = nil
    zadd(index('completed', name), text(facts.lastFinishedAt), id)
  else
    local record = redis.call('HGET', JOBS, id)
    if not record then
      remove_record(id, state)
      return 'not-found'
    end
    local asked_at, seq, priority, flags = asked(record)
    local at = planned(asked_at, facts)
    local next_at = with_pending(kind, settle_as[kind](facts, at, argument, body), pending)
    facts.occurrenceAt = occurrence(kind, facts, flags or 0, at, next_at, pending)
    facts.nextRunAt = next_at
    if next_at and not seq then
      entomb(id, name, facts)
    elseif next_at then
      place(id, name, next_at, seq, priority, flags, facts)
    else
      zadd(index(kind == 'bury' and 'dead' or 'completed', name), now_text, id)
    end
  end
  if kind == 'completed' then
    if body ~= '' then hset(RESULTS, id, body) elseif state then hdel(RESULTS, id) end
  end
  hset(STATE, id, packed(facts))
end
