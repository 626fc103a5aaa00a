-- rescue
-- Acts on expired leases, oldest first: the job goes back to its old place, one rescue richer, or is
-- buried as `stalled` when its name allows no more. A row that had not begun to run goes back uncounted.
-- @include time, key, order, writes, record, place, lease, window, remove, read

local function max_rescues(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  return ok and type(decoded) == 'table' and tonumber(decoded.maxRescues)
end

local allowed = {}
local function rescues_allowed(name, otherwise)
  if not allowed[name] then
    local settings = redis.call('HGET', prefix .. 'settings', name)
    allowed[name] = max_rescues(settings) or otherwise
  end
  return allowed[name]
end

local STALLED = '{"reason":"stalled","name":"StalledError","message":"The process that ran this job was lost, more often than maxRescues allows."}'

-- Whose the lease was: lockedAt, pending, host, name, run, progress. A lease entry that is lost or damaged must
-- not lose the job: it is rescued as the lease of nobody, if it is running indeed. nil: nothing to rescue.
local function owner(id, entry, record)
  if entry then
    local _, _, locked_at, pending, host, name, run, progress = holder(entry)
    if name then return locked_at, pending, host, name, run, progress end
  end
  local name = record and name_of(record)
  if name and redis.call('ZSCORE', index('running', name), id) then return now_text, '', '', name, '', '' end
end

-- What becomes of a job whose lease is lost, written to its facts; its place is the caller's to say.
-- Answers when it runs next, and 'requeued' or 'buried' if a run was lost.
local function lose(facts, name, locked_at, pending, run, planned_at, rescues_otherwise)
  local own_at, saved, outcome = own_time(run, planned_at), tonumber(pending), nil
  local at = earlier(own_at, saved)
  if run == '' then
    facts.lastRunAt = tonumber(locked_at)
    close_window(facts, facts.lastRunAt)
  end
  if has_begun(run) then
    at, outcome = earlier(own_at or now, saved), 'requeued'
    facts.attempt = facts.attempt + 1
    facts.rescueCount = facts.rescueCount + 1
    local is_spent = facts.rescueCount > rescues_allowed(name, rescues_otherwise)
    if is_spent and saved then
      -- A time that a user saved during the run begins the job anew, whatever became of the run.
      at = saved
      begin_anew(facts)
    elseif is_spent then
      at, outcome = nil, 'buried'
      facts.failedAt, facts.lastFinishedAt, facts.failure = now, now, STALLED
    end
  end
  if at ~= own_at then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  return at, outcome
end

-- Calls `told(id, name, host, rescues, outcome)` for each job whose run was lost. Of large jobs it does
-- about 1 MiB.
local function rescue(limit, rescues_otherwise, told)
  local ids = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, limit)
  read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
    local locked_at, pending, host, name, run, progress = owner(id, entry, record)
    zrem(LEASES, id)
    hdel(LEASE, id)
    if not name then return end
    zrem(index('running', name), id)
    if not record then
      remove_record(id, state)
      return
    end
    local asked_at, seq, priority, flags = asked(record)
    local facts = happened(state)
    local planned_at = planned(asked_at, facts)
    if progress ~= '' then facts.progress = tonumber(progress) end
    local at, outcome = lose(facts, name, locked_at, pending, run, planned_at, rescues_otherwise)
    if not seq then
      outcome = 'buried'
      entomb(id, name, facts)
    else
      put_down(id, name, at, seq, priority, flags, facts)
    end
    if outcome or at ~= planned_at then hset(STATE, id, packed(facts)) end
    if outcome then told(id, name, host, facts.rescueCount, outcome) end
  end)
  flush()
  advance()
end
