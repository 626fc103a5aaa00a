-- write-row
-- Writes what is told of a run, by the holder of the row or to a row that nobody holds. The first write
-- of a holder starts the run, the following ones prolong the lease, and one without a lock ends it. A
-- time that was saved during the run wins over the one told at its end; after a failure the earlier of
-- both. Without a token a held row takes no more than a sign of life, if it runs in a child process.
-- Its first write is of a kind that Redis allows when its memory is full. A repeat of a write that was
-- carried out changes nothing.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  id
-- ARGV[6]  token; empty for none
-- ARGV[7]  time of the lock; empty to end it
-- ARGV[8]  planned time; empty for none
-- ARGV[9]  when it ran last; empty for never
-- ARGV[10] when it finished last; empty for never
-- ARGV[11] when it failed last; empty for never
-- ARGV[12] failures since the last success
-- ARGV[13] the failure as JSON; empty for none
-- ARGV[14] progress; empty to leave it as it is
-- ARGV[15] who writes, as JSON text without inner quotes; empty to leave it as it is
-- ARGV[16] lease in ms
-- ARGV[17] nonce of this write
-- ARGV[18] how long the write is known for its repeats, in ms
--
-- Returns  { now, 'ok' | 'not-found' | 'not-running' | 'lease-mismatch' }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include give-up
-- @include window-end
-- @include refuse
-- @include gone
-- @include tell
local id, token, locked_at, next_at = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local SAVED = prefix .. 'saved'
if tonumber(redis.call('ZSCORE', SAVED, ARGV[17]) or 0) > now then return { now_text, 'ok' } end

local record, state, entry = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)
local asked_at, seq, priority, flags = asked(record or '')
local held_by, fence, _, pending, host, name, run, progress = holder(entry or '')
if not entry then name = name_of(record or '') end
if entry and not held_by or record and not (seq and name) then return { now_text, 'lease-mismatch' } end
local is_held = entry and run ~= 'l'
local is_sign_of_child = token == '' and is_held and run ~= '' and locked_at and has_flag(flags or 0, FLAG.forked)

local function refused()
  if not record then return 'not-found' end
  if token ~= '' then return refusal(id, entry, token, nil, true) end
  if is_held and not is_sign_of_child then return 'lease-mismatch' end
end

local word = refused()
if word then return { now_text, word } end
redis.call('PERSIST', META)
local facts = happened(state)
local planned_at = planned(asked_at, facts)
if not facts.known then facts.nextRunAt = planned_at end

-- A row says less of a failure than the store may know: if it is the same, that stays.
local function is_same_failure(failed_at)
  local told = string.match(ARGV[13], '"message":".*"')
  if facts.failedAt ~= failed_at or (facts.failure == nil) ~= (told == nil) then return false end
  return not told or string.find(facts.failure, told, 1, true) ~= nil
end

local function write_facts()
  local failed_at = tonumber(ARGV[11])
  if not is_same_failure(failed_at) then facts.failure = ARGV[13] ~= '' and ARGV[13] or nil end
  facts.lastRunAt, facts.lastFinishedAt, facts.failedAt = tonumber(ARGV[9]), tonumber(ARGV[10]), failed_at
  facts.failCount = tonumber(ARGV[12])
end

local function tell_progress()
  if ARGV[14] == '' then return end
  if facts.progress == true then hdel(PROGRESS, id) end
  facts.progress = tonumber(ARGV[14])
end

local function begin()
  if facts.windowAt and not is_leading(facts) then facts.windowAt = nil end
end

local function has_failed()
  return facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
end

local function prolong(new_run)
  hset(LEASE, id, lease_entry(held_by, fence, now_text, pending, host, name, new_run, progress))
  zadd(index('running', name), now_text, id)
  zadd(LEASES, text(math.max(tonumber(redis.call('ZSCORE', LEASES, id) or 0), soon + tonumber(ARGV[16]))), id)
end

-- `ended_among`: where the job stands already, if it had ended before.
local function settle_at(at, ended_among)
  local saved = tonumber(pending or '')
  if saved then at = has_failed() and earlier(at, saved) or saved end
  if at ~= facts.nextRunAt then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  local among = put_down(id, name, at, seq, priority, flags, facts)
  if among and among ~= ended_among and has_own_end(flags) then
    -- @include own-end
    end_own_way(id, record, among)
  end
end

local function keep()
  local new_run = run
  if string.sub(run, 1, 1) == 'c' then
    local own_at = own_time(run, planned_at)
    new_run = 's' .. (own_at and text(own_at) or '')
    redis.call('DEL', prefix .. 'handed:' .. string.match(token, '^[^:]*'))
    begin()
    tell('started', id, name, facts.attempt + 1, host)
  end
  write_facts()
  facts.nextRunAt = next_at
  prolong(new_run)
end

local function tell_end(attempt)
  if not has_failed() then
    tell('completed', id, name, attempt, host, nil, facts.nextRunAt)
    return
  end
  tell('failed', id, name, attempt, host)
  tell(facts.nextRunAt and 'retrying' or 'dead', id, name, attempt, host, nil, facts.nextRunAt)
end

local function close()
  local attempt = facts.attempt + 1
  give_up(id, name)
  if string.sub(run, 1, 1) == 'c' then begin() end
  write_facts()
  if not has_failed() then
    if state then hdel(RESULTS, id) end
    if next_at then begin_anew(facts) end
  end
  if has_failed() or not next_at then facts.attempt = facts.attempt + 1 end
  end_run(id, name, flags, record, has_failed() and next_at ~= nil)
  settle_at(next_at)
  facts.occurrenceAt = nil
  tell_end(attempt)
end

local function write_unheld()
  local ended_among = not entry and not planned_at and (has_failed() and 'dead' or 'completed')
  if entry then
    give_up(id, name)
    end_run(id, name, flags, record)
  else
    displace(id, name, planned_at, seq, priority, flags)
  end
  if tonumber(ARGV[9]) ~= facts.lastRunAt then begin() end
  write_facts()
  if not locked_at then return settle_at(next_at, ended_among) end
  facts.nextRunAt = next_at
  lock_plainly(id, name, locked_at, pending or '')
  begin_run(id, name, flags, record)
end

tell_progress()
if is_sign_of_child then
  prolong(run)
else
  local signed_record = record_by(record, ARGV[15])
  if signed_record ~= record then hset(JOBS, id, signed_record) end
  if token == '' then write_unheld() elseif locked_at then keep() else close() end
end
hset(STATE, id, packed(facts))
-- A write that prolongs a lease can be carried out twice.
if token == '' or not locked_at then zadd(SAVED, text(soon + ARGV[18]), ARGV[17]) end
flush()
forget(SAVED, 10)
advance()
tell_all()
return { now_text, 'ok' }
