-- judge-job
-- Whether what is stored of a job agrees with its record, in every place: the promises of keys.ts, of one job at one
-- instant.
-- @include time, key, order, writes, record, place, examine
-- @include judge-run
-- @include judge-place
-- @include judge-leads
local MOST_ROUNDS, PROGRESS_EXISTS = 5, redis.call('EXISTS', PROGRESS) == 1
local listed_names = {}

-- The head that scripts read of what happened.
local function is_legible_state(state)
  return string.find(state, '^%[[%d%-nul]+,[%d%-nul]+,[%d%-nul]+,%d+[,%]]') ~= nil and string.sub(state, -1) == ']'
end

-- `note`: 'illegible' and the digest of a record or state that cannot be read, as JSON readers see it.
local function is_damaged(job, note)
  if not (job.seq and job.name) or job.state and not is_legible_state(job.state) then return true end
  local digest = string.match(note, '^illegible (%x+)$')
  return digest and (redis.sha1hex(job.record) == digest or job.state and redis.sha1hex(job.state) == digest)
end

-- What nobody can read waits among the dead, where people find it.
local function bury(job)
  if job.seq then leave_all_places(job) end
  for _, place_name in ipairs(LISTED) do
    if place_name ~= 'disabled' then redis.call('ZREM', index(place_name, job.name), job.id) end
  end
  redis.call('HDEL', LEASE, job.id)
  redis.call('ZREM', LEASES, job.id)
  end_run(job.id, job.name, job.flags, job.record)
  entomb(job.id, job.name, job.facts)
  hset(STATE, job.id, packed(job.facts))
end

-- Whoever holds a lease of it hears of it himself, and rescue does.
local function judge_damaged(job)
  if not job.name then return found('illegible-record', job.id, 'not even its name can be read') end
  local is_held = job.entry and select(6, holder(job.entry)) and redis.call('ZSCORE', LEASES, job.id)
  if is_held or not job.entry and job.stands.dead then return false end
  if not job.entry and job.stands.completed and not (job.state and not is_legible_state(job.state)) then
    return found('illegible-record', job.id, 'it has ended')
  end
  return found('illegible-record', job.id, 'it waits', function() bury(job) end)
end

-- `note`: 'flags', the digest of the record, and the flags that fit the rest of it.
local function judge_flags(job, note)
  local digest, flags = string.match(note, '^flags (%x+) (%d+)$')
  if not digest or redis.sha1hex(job.record) ~= digest then return false end
  return found('wrong-flags', job.id, text(job.flags) .. ' in place of ' .. flags, function()
    if not job.entry then leave_all_places(job) end
    hset(JOBS, job.id, with_flags(job.record, tonumber(flags)))
  end)
end

local function judge_name(job)
  if listed_names[job.name] == nil then
    listed_names[job.name] = redis.call('SISMEMBER', prefix .. 'names', job.name) == 1
  end
  if listed_names[job.name] then return end
  listed_names[job.name] = true
  found('unlisted-name', job.name, job.id, function() redis.call('SADD', prefix .. 'names', job.name) end)
end

local function judge_progress(job)
  if not PROGRESS_EXISTS or job.facts.progress == true or redis.call('HEXISTS', PROGRESS, job.id) == 0 then return end
  if job.entry and select(8, holder(job.entry)) == 'true' then return end
  found('remains', job.id, 'progress', function() hdel(PROGRESS, job.id) end)
end

-- One look; true when something was mended that calls for another one.
local function judge_once(id, record, state, entry, note)
  local asked_at, seq, priority, flags = asked(record)
  local name, facts = name_of(record), happened(state)
  local job = {
    id = id, name = name, record = record, state = state, entry = entry, facts = facts,
    at = planned(asked_at, facts), seq = seq, priority = priority, flags = flags, stands = name and standing(id, name) or {},
  }
  if is_damaged(job, note) then return judge_damaged(job) end
  if judge_flags(job, note) then return true end
  judge_name(job)
  expect_ahead('seq', seq)
  job.key = at_key(job)
  if entry then
    if judge_lease(job) or judge_lists(job, 'running') then return true end
  else
    local home = home_of(job)
    if judge_no_lease(job, home ~= nil) or judge_home(job, home) or judge_lists(job, home) then return true end
  end
  if judge_key(job) then return true end
  judge_leads(job)
  judge_progress(job)
  return false
end

-- A job that is gone by now is nobody's business.
local function judge_job(id, record, state, entry, note)
  for _ = 1, MOST_ROUNDS do
    if not record or not judge_once(id, record, state, entry, note or '') then return end
    has_members, note = {}, ''
    record, state, entry = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)
  end
end
