-- rescue-jobs
-- Acts on expired leases, oldest first: the job goes back to its old place, one rescue richer, or is
-- buried as `stalled` when its name allows no more. Also forgets removed ids and saves whose time is
-- over. Holds off for a lease when no host passed by for longer than that. Of large jobs it does
-- about 1 MiB a call.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  lastPass, heldUntil, longestLease, longestLeaseAt
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  time in ms; empty for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  at most so many, 100 or less
-- ARGV[6]  lease in ms
-- ARGV[7]  rescues allowed where a name has no settings
--
-- Returns  { now, '1' if more are left else empty, held until or empty, earliest expiry or empty,
--            and for each job: id, name, host that lost it, rescues, 'requeued' | 'buried' }
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include place
-- @include remove
-- @include refuse
-- @include gone
-- @include pass
-- @include read
redis.call('PERSIST', META)
local held = pass(tonumber(ARGV[6]))
redis.call('HSET', META, 'lastPass', now_text)
forget_gone(1000)
forget(prefix .. 'saved', 1000)
local first = earliest_expiry()
if held > now or not first or first > now then
  return { now_text, '', held > now and text(held) or '', first and text(first) or '' }
end

local ids, reply = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, tonumber(ARGV[5])), {}

local function max_rescues(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  return ok and type(decoded) == 'table' and tonumber(decoded.maxRescues)
end

local allowed = {}
local function rescues_allowed(name)
  if not allowed[name] then
    local settings = redis.call('HGET', prefix .. 'settings', name)
    allowed[name] = max_rescues(settings) or tonumber(ARGV[7])
  end
  return allowed[name]
end

local STALLED = '{"reason":"stalled","name":"StalledError","message":"The process that ran this job was lost, more often than maxRescues allows."}'

-- Whose the lease was: lockedAt, pending, host, name. A lease entry that is lost or damaged must not
-- lose the job: it is rescued as the lease of nobody, if it is running indeed. nil: nothing to rescue.
local function owner(id, entry, record)
  if entry then
    local _, _, locked_at, pending, host, name = holder(entry)
    if name then return locked_at, pending, host, name end
  end
  local name = record and name_of(record)
  if name and redis.call('ZSCORE', index('running', name), id) then return now_text, '', '', name end
end

local function answer(id, name, host, facts, outcome)
  hset(STATE, id, packed(facts))
  for _, part in ipairs({ id, name, host, tostring(facts.rescueCount), outcome }) do
    reply[#reply + 1] = part
  end
end

read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
  zrem(LEASES, id)
  hdel(LEASE, id)
  local locked_at, pending, host, name = owner(id, entry, record)
  if not name then return end
  zrem(index('running', name), id)
  if not record then
    remove_record(id, state)
    return
  end
  local asked_at, seq, priority, flags = asked(record)
  local facts = happened(state)
  local at = planned(asked_at, facts) or now
  facts.lastRunAt = tonumber(locked_at)
  facts.attempt = facts.attempt + 1
  facts.rescueCount = facts.rescueCount + 1
  if not seq then
    entomb(id, name, facts)
    return answer(id, name, host, facts, 'buried')
  end
  local outcome = facts.rescueCount > rescues_allowed(name) and 'buried' or 'requeued'
  -- A time that a user saved during the run begins the job anew, whatever became of the run.
  if outcome == 'buried' and pending ~= '' then
    outcome, at, facts.occurrenceAt = 'requeued', tonumber(pending), nil
    facts.attempt, facts.rescueCount, facts.releaseCount = 0, 0, 0
  end
  if pending ~= '' and tonumber(pending) < at then
    at, facts.occurrenceAt = tonumber(pending), nil
  end
  if outcome == 'requeued' then
    facts.nextRunAt = at
    place(id, name, at, seq, priority, flags, facts)
  else
    facts.nextRunAt, facts.failedAt, facts.lastFinishedAt, facts.failure = nil, now, now, STALLED
    facts.occurrenceAt = nil
    zadd(index('dead', name), now_text, id)
  end
  answer(id, name, host, facts, outcome)
end)
flush()
advance()
local next_expiry = earliest_expiry()
local more = next_expiry and next_expiry <= now
return { now_text, more and '1' or '', '', next_expiry and text(next_expiry) or '', unpack(reply) }
