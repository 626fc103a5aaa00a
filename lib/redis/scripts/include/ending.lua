-- ending
-- How an attempt ends in all other manners than the most frequent one: what has happened to the job is
-- read and written anew, and it gets its next place.
-- @include time, key, writes, record, place
-- @include window-end
-- @include history
-- @include own-end

-- At once means: at the old place in the line, where that is earlier.
local function later(due, at)
  if due == '+0' and at then return math.min(at, now) end
  return instant(due)
end

local settle_as = {}

-- argument: the next planned time, or empty. body: the result, or empty.
-- A success lies behind the failure it follows, also within one millisecond: states are told by that.
function settle_as.completed(facts, at, argument)
  facts.lastFinishedAt = math.max(now, (facts.failedAt or 0) + 1)
  facts.failCount = 0
  local next_at = tonumber(argument)
  if not next_at then
    facts.attempt = facts.attempt + 1
    return nil
  end
  begin_anew(facts)
  return next_at
end

-- The failure in a body, and its short form for the history, which stands behind a line break if it is another.
local function failures(body)
  local at = string.find(body, '\n', 1, true)
  if not at then return body, body end
  return string.sub(body, 1, at - 1), string.sub(body, at + 1)
end

-- argument: '+ms', or an instant. body: the failure.
function settle_as.retry(facts, at, argument, body)
  facts.attempt = facts.attempt + 1
  facts.failCount = facts.failCount + 1
  facts.lastFinishedAt, facts.failedAt, facts.failure = now, now, (failures(body))
  return later(argument, at)
end

-- As retry, for a recurring job whose retries are used up: its next occurrence counts anew.
settle_as['retry-fresh'] = function(facts, at, argument, body)
  local next_at = settle_as.retry(facts, at, argument, body)
  begin_anew(facts)
  return next_at
end

function settle_as.bury(facts, at, argument, body)
  settle_as.retry(facts, at, '+0', body)
  return nil
end

function settle_as.release(facts, at)
  facts.releaseCount = facts.releaseCount + 1
  return later('+0', at)
end

-- argument: as of retry.
function settle_as.snooze(facts, at, argument)
  facts.snoozeCount = facts.snoozeCount + 1
  return later(argument, at)
end

-- Nothing is counted: the job goes back to its place. argument: for how long its name stops, in ms.
function settle_as.throttle(facts, at)
  return later('+0', at)
end

-- Nothing starts before an instant: of the job's key, where its name has a rate for each; else of its name.
local function stop_starts(id, name, flags, record, till)
  if is_lined(flags) and lines().stop(id, name, record, till) then return end
  gates().stop_name(name, till)
end

-- argument: the next occurrence. Nothing has run.
function settle_as.skip(facts, at, argument)
  return tonumber(argument)
end

local IS_FAILURE = { retry = true, ['retry-fresh'] = true, bury = true }
-- Ends after which the job is still about the same occurrence.
local GOES_ON = { retry = true, release = true, snooze = true, throttle = true }

-- Where a retry or a snooze moves a recurring job off its occurrence, that is kept.
local function occurrence(kind, facts, flags, at, next_at, pending)
  if not GOES_ON[kind] or pending ~= '' or not has_flag(flags, FLAG.has_rule) then return nil end
  return facts.occurrenceAt or (next_at ~= at and at or nil)
end

-- A time saved during the run wins over the computed one; after a failure the earlier of both.
local function with_pending(kind, next_at, pending)
  if pending == '' then return next_at end
  local saved = tonumber(pending)
  if next_at and GOES_ON[kind] then return math.min(next_at, saved) end
  return saved
end

-- Of a job that was added with a key that keeps the newest data for the next run: that one begins anew,
-- whatever became of this one.
local function begins_anew(record, flags, pending)
  if pending == '' or not has_flag(flags, FLAG.ends_its_own_way) then return false end
  for _, field in ipairs(own_facts(record).frees) do
    if string.find(field, '^latest\n') then return true end
  end
  return false
end

-- What the history says of this end, if anything: `before` is what the state told, in brief.
local function entry_of(kind, facts, before, at, locked_at, host, body)
  if kind == 'completed' then
    if before.was_untouched and not facts.nextRunAt then return end
    return history_entry(kind, before.attempt + 1, at, locked_at, facts.lastFinishedAt, host)
  end
  if not IS_FAILURE[kind] then return end
  local _, failure = failures(body)
  return history_entry(facts.nextRunAt and 'failed' or 'dead', before.attempt + 1, at, locked_at, now, host, failure)
end

local TOLD_AS = { completed = 'completed', release = 'interrupted', snooze = 'snoozed', skip = 'skipped', throttle = 'throttled' }

local function tell_end(kind, id, name, attempt, host, facts)
  if not IS_FAILURE[kind] then
    tell(TOLD_AS[kind], id, name, attempt, host, nil, facts.nextRunAt)
    return
  end
  tell('failed', id, name, attempt, host)
  if not facts.nextRunAt then
    tell('dead', id, name, attempt, host, string.match(facts.failure or '', '"reason":"([%l-]+)"'))
  elseif kind ~= 'retry-fresh' then
    tell('retrying', id, name, attempt, host, nil, facts.nextRunAt)
  end
end

-- What remains of `settle` for an attempt whose lease was given up; `done`: nothing comes after it.
local function end_attempt(id, kind, argument, body, state, lease, done)
  local may_end_own_way = kind == 'completed-own'
  if may_end_own_way then kind = 'completed' end
  local name, pending = lease.name, lease.pending
  local locked_at = tonumber(lease.locked_at)
  local facts = happened(state)
  local before = {
    attempt = facts.attempt, told = told_by(facts), was_untouched = not (facts.lastRunAt or facts.lastFinishedAt),
  }
  facts.progress = progress_of(lease.progress) or facts.progress
  if kind ~= 'skip' then facts.lastRunAt = locked_at end
  close_window(facts, locked_at)
  local at = facts.nextRunAt
  if done then
    settle_as.completed(facts, nil, '')
    facts.nextRunAt, facts.occurrenceAt = nil, nil
    zadd(index('completed', name), text(facts.lastFinishedAt), id)
    local record = may_end_own_way and redis.call('HGET', JOBS, id)
    if record then
      end_run(id, name, select(4, asked(record)), record)
      end_own_way(id, record, 'completed')
    end
  else
    local record = redis.call('HGET', JOBS, id)
    if not record then
      remove_record(id, state)
      return 'not-found'
    end
    local asked_at, seq, priority, flags = asked(record)
    at = planned(asked_at, facts)
    local next_at = with_pending(kind, settle_as[kind](facts, at, argument, body), pending)
    if begins_anew(record, flags or 0, pending) then begin_anew(facts) end
    facts.occurrenceAt = occurrence(kind, facts, flags or 0, at, next_at, pending)
    facts.nextRunAt = next_at
    if kind == 'throttle' then stop_starts(id, name, flags, record, instant('+' .. argument)) end
    end_run(id, name, flags, record, GOES_ON[kind])
    if next_at and not seq then
      entomb(id, name, facts)
    elseif next_at then
      place(id, name, next_at, seq, priority, flags, facts)
    else
      zadd(index('dead', name), now_text, id)
      if has_own_end(flags or 0) then end_own_way(id, record, 'dead') end
    end
  end
  if kind == 'completed' then
    if body ~= '' then hset(RESULTS, id, body) elseif state then hdel(RESULTS, id) end
  end
  local entry = entry_of(kind, facts, before, at, locked_at, lease.host, body)
  if entry then chronicle(id, entry, before.told) end
  hset(STATE, id, packed(facts))
  tell_end(kind, id, name, before.attempt + 1, lease.host, facts)
end
