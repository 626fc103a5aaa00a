-- save-job
-- Writes what is asked of one job: inserts it, updates it by id and name, or finds it by its key and
-- inserts it otherwise. Look-up and write are one step. A waiting job moves to its new place. A row that
-- was handed out and has not begun to run is taken back, unless nothing changes. Of a running job the
-- time is kept in its lease, for afterwards. What happened to the job stays as it is, but for what an
-- update tells of failures. A repeat of a save that was carried out changes nothing, whatever others did
-- since: it is known by its nonce for as long as ARGV[18] says, which must be longer than its caller
-- goes on repeating it.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  seq, gated
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'insert' | 'update' | 'single' | 'unique' | 'insert-only'
-- ARGV[6]  id: of the job to update, or for a new one
-- ARGV[7]  field of `keys` that leads to the job; empty for none
-- ARGV[8]  name
-- ARGV[9]  planned time; empty for none
-- ARGV[10] priority
-- ARGV[11] flags, without `disabled`, and the version of the data; an update that brings the data as it is stored leaves that its version
-- ARGV[12] '1' | '0' | empty: disabled, enabled, as it is
-- ARGV[13] name and what belongs to the job itself, as the record of a new job has them
-- ARGV[14] the record from its data on
-- ARGV[15] the end of the record from its rule on; empty without a rule
-- ARGV[16] what happened, for a new job; empty for nothing
-- ARGV[17] nonce of this save
-- ARGV[18] how long the save is known for its repeats, in ms
-- ARGV[19] who writes, as JSON text without inner quotes; empty for nobody
-- ARGV[20] 'trailing' | 'leading' when the save is debounced; else empty
-- ARGV[21] for how long, in ms
-- ARGV[22] how long saves may put a run off, in ms; empty for no limit
-- ARGV[23] when a new job was locked; empty for never
-- ARGV[24] when an updated job failed last; empty for never, '=' to leave it as it is
-- ARGV[25] its failures since the last success; '=' to leave them as they are
-- ARGV[26] its failure as JSON; empty for none, '=' to leave it as it is
-- ARGV[27] '1' when a new job has a key that limits are shared by; else empty
--
-- Returns  { now, 'inserted' | 'updated' | 'missing' | 'full' | 'away', '1' if its time was announced else empty, id, record, state, lease entry, result }
--          full: it was not added; in the place of the record stands how many wait, in that of the state how many may.
--          away: it was not added, since all jobs of its name live in another partition.
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include give-up
-- @include window
-- @include gone
-- @include tell
local mode, id, key, name, due = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local priority, flags, rule = tonumber(ARGV[10]), tonumber(ARGV[11]), ARGV[15]
local debounce, delay, longest = debounced[ARGV[20]], tonumber(ARGV[21]), tonumber(ARGV[22])
local SAVED = prefix .. 'saved'

-- A key whose job cannot be read leads to a new one from now on.
local before
if mode == 'update' then
  before = redis.call('HGET', JOBS, id)
elseif key ~= '' then
  local holder_id = redis.call('HGET', prefix .. 'keys', key)
  before = holder_id and redis.call('HGET', JOBS, holder_id)
  if before and not is_legible(before) then before = false end
  if before then id = holder_id end
else
  before = redis.call('HGET', JOBS, id)
end
if mode == 'update' and not (before and is_legible(before) and name_of(before) == name) then
  return { now_text, 'missing' }
end

local function reply(word, was_announced)
  return {
    now_text, word, was_announced and '1' or '', id, redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id) or '',
    redis.call('HGET', LEASE, id) or '', redis.call('HGET', RESULTS, id) or '',
  }
end

local function put(facts, at, seq)
  if at ~= facts.nextRunAt then facts.occurrenceAt = nil end
  -- A job that had ended and runs again begins anew: what its earlier runs used up is not held against it.
  if at and facts.known and not facts.nextRunAt then begin_anew(facts) end
  facts.nextRunAt = at
  return put_down(id, name, at, seq, priority, flags, facts)
end

local function begin_as_new()
  if ARGV[12] == '1' then flags = flags + FLAG.disabled end
  if ARGV[27] == '1' then flags = flags + FLAG.lined end
end

local function record_of(created, at, seq, name_and_own)
  return '[' .. created .. ',' .. (at and text(at - created) or 'null') .. ',' .. text(seq) .. ',' .. ARGV[10] .. ','
    .. flags .. ',' .. name_and_own .. ',' .. ARGV[14]
end

local function mark_disabled()
  if has_flag(flags, FLAG.disabled) then zadd(index('disabled', name), 0, id) else zrem(index('disabled', name), id) end
end

-- Carried out before: its answer was lost, or its first try came late. A job that was removed since is answered as it was asked.
if tonumber(redis.call('ZSCORE', SAVED, ARGV[17]) or 0) > now then
  if before then return reply('updated') end
  begin_as_new()
  return { now_text, 'inserted', '', id, record_of(now_text, due, 0, ARGV[13]), ARGV[16], '', '' }
end

local function carry_out_all(word)
  mark_disabled()
  zadd(SAVED, text(soon + ARGV[18]), ARGV[17])
  flush()
  forget(SAVED, 10)
  tell_all()
  about = ',"jobId":' .. cjson.encode(id) .. ',"priority":' .. ARGV[10]
  return reply(word, advance())
end

-- How full its name is, if a job that does not recur is one too many, or that all its jobs live in another partition.
local function full()
  if not in_use('gated') then return end
  -- @include recurs
  -- @include admit
  local cap = cap_of(name)
  if not cap or cap.is_away then return cap end
  return not recurs(rule, flags) and cap.queued >= cap.most and cap
end

local function insert()
  local cap = full()
  if cap and cap.is_away then return { now_text, 'away' } end
  if cap then return { now_text, 'full', '', id, text(cap.queued), text(cap.most), '', '' } end
  local seq, facts = redis.call('HINCRBY', META, 'seq', 1), happened(ARGV[16] ~= '' and ARGV[16])
  local at = due
  if debounce then at = debounce(facts, delay, longest, nil, due) end
  begin_as_new()
  local record = record_of(now_text, at, seq, ARGV[13])
  hset(JOBS, id, record)
  if key ~= '' then hset(prefix .. 'keys', key, id) end
  redis.call('SADD', prefix .. 'names', name)
  facts.nextRunAt = at
  if ARGV[23] ~= '' then
    lock_plainly(id, name, tonumber(ARGV[23]), '')
    begin_run(id, name, flags, record)
  else
    put_down(id, name, at, seq, priority, flags, facts, record)
  end
  if ARGV[16] ~= '' or debounce then hset(STATE, id, packed(facts)) end
  tell('enqueued', id, name, nil, nil, nil, at)
  return carry_out_all('inserted')
end

if not before then return insert() end
if mode == 'insert-only' then return reply('updated') end

local state, entry = redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)
local facts, old_at, seq, old_priority, old_flags = happened(state), asked(before)
local planned_at = planned(old_at, facts)
local token, fence, locked_at, pending, host, _, run, progress = holder(entry or '')
local was_claimed = run and string.sub(run, 1, 1) == 'c'
local is_running = entry and not was_claimed
-- When the run under way was planned for; without one, when the next is.
local run_at = planned_at
if is_running and run then run_at = own_time(run, planned_at) end

-- Saving an unchanged rule again moves nothing, least of all a run that is due.
local function keeps_time()
  if not run_at then return false end
  local had_rule = has_flag(old_flags, FLAG.has_rule)
  if rule ~= '' then return had_rule and string.sub(before, -#rule) == rule end
  return not had_rule and due and due <= now
end

-- When the job runs now, and, of one that runs already, when it runs again; nil for as it would without
-- the save. An old time that a row brings along is no wish.
local function times()
  if mode == 'update' then return due, due ~= planned_at and due ~= run_at and due or nil end
  if mode == 'single' and keeps_time() then return planned_at end
  if not debounce then return due, due end
  drop_old_window(facts, run, tonumber(locked_at), planned_at)
  local next_at = planned_at
  if is_running then next_at = tonumber(pending or '') end
  local at = debounce(facts, delay, longest, next_at, due)
  return at, at
end

local at, again = times()
if ARGV[12] == '1' or (ARGV[12] == '' and has_flag(old_flags, FLAG.disabled)) then flags = flags + FLAG.disabled end
local function keep_flag(flag)
  if has_flag(old_flags, flag) and not has_flag(flags, flag) then flags = flags + flag end
end
keep_flag(FLAG.keyed)
keep_flag(FLAG.ends_its_own_way)
keep_flag(FLAG.lined)
keep_flag(FLAG.first)
keep_flag(FLAG.tagged)
if mode == 'update' then
  -- @include version
  -- @include extra
  local function data_in(rest, its_flags)
    local has_data = has_flag(its_flags, FLAG.has_data)
    return has_data and string.sub(rest, 1, -2 - #extra_of(rest, its_flags)) or ''
  end
  local known, _, old_rest = version_of(old_flags), own_and_rest(before)
  if known ~= version_of(flags) and data_in(old_rest, old_flags) == data_in(ARGV[14], flags) then
    flags = at_version(flags, known)
  end
end
-- What has ended and is to run again expires no more.
if planned_at or is_running then keep_flag(FLAG.expires) end

local created, quoted_name = string.match(before, '^%[(%d+)[^"]*("[^"]*")')
local name_and_own = quoted_name .. ',' .. signed(own_and_rest(before), ARGV[19])
local as_before = record_of(created, old_at, seq, name_and_own)
if was_claimed and at == planned_at and as_before == before then return reply('updated') end

-- People mend failed jobs by writing what is told of their failures: if it is the same, what is known stays.
local function mend()
  local failed_at = facts.failedAt
  if ARGV[24] ~= '=' then failed_at = tonumber(ARGV[24]) end
  if ARGV[26] ~= '=' then
    local told = string.match(ARGV[26], '"message":".*"')
    local is_same = told and failed_at == facts.failedAt and string.find(facts.failure or '', told, 1, true)
    if not is_same then facts.failure = told and ARGV[26] or nil end
  end
  facts.failedAt = failed_at
  if ARGV[25] ~= '=' then facts.failCount = tonumber(ARGV[25]) end
end

if is_running then
  if token and again then
    hset(LEASE, id, lease_entry(token, fence, locked_at, text(again), host, name, run, progress))
  end
  hset(JOBS, id, as_before)
  if debounce then
    facts.nextRunAt = planned_at
    hset(STATE, id, packed(facts))
  end
else
  if was_claimed then
    give_up(id, name)
    end_run(id, name, old_flags, before, true)
    facts.nextRunAt = own_time(run, planned_at)
  else
    displace(id, name, planned_at, seq, old_priority, old_flags)
    mend()
  end
  hset(JOBS, id, record_of(created, at, seq, name_and_own))
  local among = put(facts, at, seq)
  if planned_at and among and has_own_end(flags) then
    -- @include own-end
    end_own_way(id, before, (facts.lastFinishedAt or facts.failedAt) and among)
  end
  if state or debounce or facts.failedAt or facts.failure or facts.failCount > 0 then hset(STATE, id, packed(facts)) end
end
return carry_out_all('updated')
