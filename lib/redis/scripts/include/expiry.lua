-- expiry
-- Jobs that have expired: what waits past its instant is buried before it is handed out, or by a pass over
-- `expiring` (id → instant). One that runs ends its run.
-- A script that has looked at `in_use('expiring')` includes this.
-- @include time, key, writes, record, place
-- @include read
-- @include own-end
-- @include history
-- @include tell
-- One that runs past its instant is put off, so that it does not stand before the others; when it comes back, it
-- is looked for at its own instant again (see place).
local EXPIRING, PUT_OFF_MS = prefix .. 'expiring', 60000
local EXPIRED = '{"reason":"expired","name":"JobExpiredError","message":"The job was not started before it expired."}'

-- What was buried: id, name …
local buried = {}

-- At the very instant it is too late.
local function has_expired(record, flags)
  local till = flags and has_flag(flags, FLAG.expires) and own_facts(record).expires
  return till and till <= now or false
end

-- Buries a job; `is_taken`: it has left its place already.
local function expire(id, name, record, state, is_taken)
  local asked_at, seq, priority, flags = asked(record)
  local facts = happened(state)
  local at, before = planned(asked_at, facts), told_by(facts)
  if not is_taken then displace(id, name, at, seq, priority, flags) end
  facts.nextRunAt, facts.occurrenceAt = nil, nil
  facts.failedAt, facts.lastFinishedAt, facts.failure = now, now, EXPIRED
  chronicle(id, history_entry('dead', math.max(facts.attempt, 1), at, nil, now, '', EXPIRED), before)
  put_down(id, name, nil, seq, priority, flags, facts)
  end_own_way(id, record, 'dead')
  hset(STATE, id, packed(facts))
  if in_use('stream') then tell('dead', id, name, nil, nil, 'expired') end
  buried[#buried + 1], buried[#buried + 2] = id, name
end

-- Buries a job that waits, if it must not start any more, and tells so.
local function expire_if_over(id, name, record, state)
  local _, _, _, flags = asked(record)
  if not has_expired(record, flags) then return false end
  expire(id, name, record, state)
  return true
end

-- Buries those that expired first, at most so many, and tells whether others are left. What cannot be read, has
-- ended or is gone is forgotten.
local function bury_expired(most)
  local ids = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', now_text, 'LIMIT', 0, most + 1)
  local has_more = #ids > most
  if has_more then ids[most + 1] = nil end
  local looked = read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
    local asked_at, _, _, flags = asked(record or '')
    local name = flags and name_of(record)
    local waits = name and not entry and planned(asked_at, happened(state)) ~= nil
    if waits and has_expired(record, flags) then
      expire(id, name, record, state)
    elseif name and entry then
      zadd(EXPIRING, text(soon + PUT_OFF_MS), id)
    else
      zrem(EXPIRING, id)
    end
  end)
  flush()
  advance()
  return has_more or looked < #ids
end
