-- rescue
-- Acts on expired leases, oldest first: the job goes back to its old place, one rescue richer, or is
-- buried as `stalled` when its name allows no more. A row that had not begun to run goes back uncounted.
-- @include time, key, order, writes, record, place, lease, window-end, remove, read
-- @include give-up
-- @include max-rescues
-- @include history
-- @include own-end
-- @include tell

local STALLED = '{"reason":"stalled","name":"StalledError","message":"The process that ran this job was lost, more often than maxRescues allows."}'

-- Whose the lease was (locked_at, pending, host, run), name, progress. A lease entry that is lost or damaged must
-- not lose the job: it is rescued as the lease of nobody, if it is running indeed. nil: nothing to rescue.
local function owner(id, entry, record)
  if entry then
    local _, _, locked_at, pending, host, name, run, progress = holder(entry)
    if name then return { locked_at = locked_at, pending = pending, host = host, run = run }, name, progress end
  end
  local name = record and name_of(record)
  if name and redis.call('ZSCORE', index('running', name), id) then
    return { locked_at = now_text, pending = '', host = '', run = '' }, name, ''
  end
end

-- What becomes of a job whose lease is lost, written to its facts and its history; its place is the caller's
-- to say. `lease`: locked_at, pending, host, run. Answers when it runs next, and, if a run was lost, 'requeued'
-- or 'buried' and which attempt it was.
local function lose(id, name, facts, lease, planned_at, rescues_otherwise)
  local run = lease.run
  local own_at, saved, outcome, attempt = own_time(run, planned_at), tonumber(lease.pending)
  local at = earlier(own_at, saved)
  facts.nextRunAt = own_at
  local before = told_by(facts)
  if run == '' then
    facts.lastRunAt = tonumber(lease.locked_at)
    close_window(facts, facts.lastRunAt)
  end
  if has_begun(run) then
    at, outcome = earlier(own_at or now, saved), 'requeued'
    facts.attempt = facts.attempt + 1
    facts.rescueCount = facts.rescueCount + 1
    attempt = facts.attempt
    local is_spent = facts.rescueCount > rescues_allowed(name, rescues_otherwise)
    if is_spent and saved then
      -- A time that a user saved during the run begins the job anew, whatever became of the run.
      at = saved
      begin_anew(facts)
    elseif is_spent then
      at, outcome = nil, 'buried'
      facts.failedAt, facts.lastFinishedAt, facts.failure = now, now, STALLED
    end
    local failure = outcome == 'buried' and STALLED
    chronicle(id, history_entry('rescued', attempt, own_at, facts.lastRunAt, now, lease.host, failure), before)
    tell('stalled', id, name, attempt, lease.host, nil, at)
    if outcome == 'buried' then tell('dead', id, name, attempt, lease.host, 'stalled') end
  end
  if at ~= own_at then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  return at, outcome, attempt
end

-- Gives the job of a lost lease another attempt, or buries it. Calls `told(id, name, host, attempt, rescues, outcome)`
-- where a run was lost.
local function rescue_one(id, record, state, entry, rescues_otherwise, told)
  local lease, name, progress = owner(id, entry, record)
  if not name then
    zrem(LEASES, id)
    hdel(LEASE, id)
    return
  end
  give_up(id, name)
  if not record then
    remove_record(id, state)
    return
  end
  local asked_at, seq, priority, flags = asked(record)
  local facts = happened(state)
  local planned_at = planned(asked_at, facts)
  facts.progress = progress_of(progress) or facts.progress
  local at, outcome, attempt = lose(id, name, facts, lease, planned_at, rescues_otherwise)
  if not seq then
    outcome = 'buried'
    end_run(id, name, flags, record)
    entomb(id, name, facts)
  else
    end_run(id, name, flags, record, outcome ~= 'buried')
    put_down(id, name, at, seq, priority, flags, facts)
    if outcome == 'buried' and has_own_end(flags) then end_own_way(id, record, 'dead') end
  end
  if outcome or at ~= planned_at then hset(STATE, id, packed(facts)) end
  if outcome then told(id, name, lease.host, attempt, facts.rescueCount, outcome) end
end

-- Acts on so many expired leases; of large jobs it does about 1 MiB.
local function rescue(limit, rescues_otherwise, told)
  local ids = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, limit)
  read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
    rescue_one(id, record, state, entry, rescues_otherwise, told)
  end)
  flush()
  advance()
end
