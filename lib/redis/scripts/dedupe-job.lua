-- dedupe-job
-- Adds one job with a key, or lets the job in place that holds the key take what the mode says of it. A job
-- holds its key until it ends or is removed, or can start no more; one that is debounced, until it is claimed
-- for the first time; and time may hold it besides (see held). A row that was handed out and has not begun to
-- run is taken back. What was changed is known by the nonce of the call, so a repeat of it answers the same
-- whatever has become of the job. Its first write is of a kind that Redis refuses when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  seq, capped, gated, paused, expiring, stream
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  nonce of the call
-- ARGV[6]  how long the call is known for its repeats, in ms
-- ARGV[7]  id
-- ARGV[8]  due: '+ms' from now, or an instant
-- ARGV[9]  priority
-- ARGV[10] flags, and the version of the data
-- ARGV[11] name
-- ARGV[12] name and what belongs to the job itself, as records have them
-- ARGV[13] data as JSON; empty for none
-- ARGV[14] the record behind its data
-- ARGV[15] who writes, as JSON text without inner quotes; empty for nobody
-- ARGV[16] field of `keys`
-- ARGV[17] 'debounce' | 'leading' | 'latest' | 'replace'
-- ARGV[18] of a debounce: for how long, in ms; else empty
-- ARGV[19] how long duplicates may put its run off, in ms; empty for no limit
-- ARGV[20] of 'replace': which of 'data', 'nextRunAt' and 'priority' are taken, with blanks between; else empty
--
-- Returns  { now, now rounded up, 'added' | 'mine' | 'duplicate' | 'replaced' | 'kept-for-next' | 'full' | 'away', id, record, state, lease entry, result }
--          mine: added by an earlier try of this very call. The record is empty of a job that was added just
--          now, or that is removed. full: it was not added; in the place of the record stands how many wait, in
--          that of the state how many may. away: it was not added, since all jobs of its name live in another partition.
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include give-up
-- @include gone
-- @include held
-- @include version
-- @include extra
-- @include new-data
-- @include tell
-- @include admit
local id, name, field, mode = ARGV[7], ARGV[11], ARGV[16], ARGV[17]
local is_debounce = mode == 'debounce' or mode == 'leading'
local NOTE = prefix .. 'deduped:' .. ARGV[5]

local function answer(word, of_id)
  return {
    now_text, text(soon), word, of_id, redis.call('HGET', JOBS, of_id) or '',
    with_progress(of_id, redis.call('HGET', STATE, of_id)), with_progress(of_id, redis.call('HGET', LEASE, of_id)), redis.call('HGET', RESULTS, of_id) or '',
  }
end

-- Carried out before: its answer was lost, or its first try came late.
local noted = redis.call('GET', NOTE)
if noted then return answer(string.match(noted, '^(%S+) (.*)$')) end
local under_id = redis.call('HGET', JOBS, id)
if under_id then
  local is_mine = string.match(own_of(under_id), '^{"nonce":"(%x+)"') == ARGV[5]
  return answer(is_mine and 'mine' or 'duplicate', id)
end
if tonumber(redis.call('ZSCORE', GONE, ARGV[5]) or 0) > now then return answer('mine', id) end

local function add()
  local cap = redis.call('HGET', META, 'capped') and cap_of(name)
  if cap and cap.is_away then return { now_text, text(soon), 'away', id, '', '', '', '' } end
  if cap and cap.queued >= cap.most then
    return { now_text, text(soon), 'full', id, text(cap.queued), text(cap.most), '', '' }
  end
  local seq, at, flags = redis.call('HINCRBY', META, 'seq', 1), instant(ARGV[8]), tonumber(ARGV[10])
  local rest = ARGV[12] .. ',' .. (ARGV[13] ~= '' and ARGV[13] or 'null') .. ARGV[14]
  if has_flag(flags, FLAG.expires) then rest = with_expiry(rest) end
  local record = '[' .. now_text .. ',' .. text(at - now) .. ',' .. text(seq) .. ',' .. ARGV[9] .. ',' .. ARGV[10] .. ',' .. rest
  hset(JOBS, id, record)
  redis.call('SADD', prefix .. 'names', name)
  place(id, name, at, seq, tonumber(ARGV[9]), flags, happened(false), record)
  note_new(id, record, seq, flags)
  if mode == 'leading' then forget_held(2) end
  hold(field, id, mode == 'leading' and text(soon + ARGV[18]))
  flush()
  advance()
  tell('enqueued', id, name, nil, nil, nil, at)
  tell_all()
  return { now_text, text(soon), 'added', id, '', '', '', '' }
end

-- The job that the key leads to, if it is one, and all that is known of it.
local function job_of(holder_id, record)
  if not record or not is_legible(record) or not carries(record, field) then return end
  local state, entry = redis.call('HGET', STATE, holder_id), redis.call('HGET', LEASE, holder_id)
  local facts, asked_at, seq, priority, flags = happened(state), asked(record)
  local job = {
    id = holder_id, record = record, has_state = state, facts = facts, entry = entry, seq = seq, priority = priority,
    flags = flags, at = planned(asked_at, facts),
  }
  local _, _, _, _, _, _, run = holder(entry or '')
  job.was_claimed = run and string.sub(run, 1, 1) == 'c'
  job.is_running = entry and not job.was_claimed
  if job.was_claimed then job.at = own_time(run, job.at) end
  return job
end

local function holds(job)
  if job.is_running then return not is_debounce end
  local expires_at = has_flag(job.flags, FLAG.expires) and own_facts(job.record).expires or math.huge
  return job.at and expires_at > now and not (is_debounce and job.facts.lastRunAt)
end

local function takes(part)
  if mode ~= 'replace' then return part == 'data' end
  return string.find(' ' .. ARGV[20] .. ' ', ' ' .. part .. ' ', 1, true) ~= nil
end

-- When a waiting job runs from now on.
local function next_time(job)
  if takes('nextRunAt') then return instant(ARGV[8]) end
  if mode ~= 'debounce' then return job.at end
  local created, longest = string.match(job.record, '^%[(%d+)'), tonumber(ARGV[19])
  local latest = longest and created + longest
  -- It has been put off for long enough, and keeps its place if it has come to be due.
  if latest and latest <= now then return math.min(job.at, now) end
  return earlier(soon + ARGV[18], latest)
end

local function rewritten(job, at)
  local record = job.record
  if takes('priority') then
    record = string.gsub(record, '^(%[%d+,[^,]+,%d+,)[^,]+', function(head) return head .. ARGV[9] end, 1)
  end
  if at and not job.has_state then
    local created = string.match(record, '^%[(%d+)')
    record = '[' .. created .. ',' .. text(at - created) .. string.match(record, '^%[%d+,[^,]+(,.*)$')
  end
  if takes('data') then record = with_data(record, job.flags, ARGV[13], version_of(tonumber(ARGV[10]))) end
  return record_by(record, ARGV[15])
end

-- The run that follows has all the time it wants: it is no longer about what was to expire.
local function keep_for_next(job)
  local token, fence, locked_at, pending, host, of_name, run, progress = holder(job.entry)
  if token and pending == '' then
    local again = text(instant(ARGV[8]))
    hset(LEASE, job.id, lease_entry(token, fence, locked_at, again, host, of_name, run, progress))
  end
  if has_flag(job.flags, FLAG.expires) then
    job.flags = job.flags - FLAG.expires
    job.record = with_flags(job.record, job.flags)
    zrem(prefix .. 'expiring', job.id)
  end
  hset(JOBS, job.id, rewritten(job))
  return 'kept-for-next'
end

local function replace(job)
  local facts, at = job.facts, next_time(job)
  if job.was_claimed then
    give_up(job.id, name)
    end_run(job.id, name, job.flags, job.record, true)
  else
    displace(job.id, name, job.at, job.seq, job.priority, job.flags)
  end
  local record = rewritten(job, at)
  hset(JOBS, job.id, record)
  if at ~= job.at then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  if job.has_state then hset(STATE, job.id, packed(facts)) end
  local _, _, priority, flags = asked(record)
  place(job.id, name, at, job.seq, priority, flags, facts, record)
  return 'replaced'
end

local function take_over(job)
  if job.is_running and mode ~= 'latest' then return answer('duplicate', job.id) end
  redis.call('SET', NOTE, (job.is_running and 'kept-for-next ' or 'replaced ') .. job.id, 'PX', ARGV[6])
  local word = job.is_running and keep_for_next(job) or replace(job)
  flush()
  advance()
  return answer(word, job.id)
end

local holder_id = redis.call('HGET', POINTERS, field)
local job = holder_id and job_of(holder_id, redis.call('HGET', JOBS, holder_id))
if job and holds(job) then return take_over(job) end
if holder_id and tonumber(redis.call('ZSCORE', HELD, field) or 0) > now then return answer('duplicate', holder_id) end
return add()
