-- update-job
-- Changes what is asked of a job, or when it runs. One that waits gets its new place in the same step; a row
-- that was handed out and has not begun to run is taken back. Of one that runs the record is rewritten at once,
-- for its next run, and the time is kept in its lease, for afterwards. One that has ended is left alone. What
-- was changed is known by the nonce of the call, so a repeat of it answers the same whatever has become of the
-- job. Its first write is of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  nonce of the call
-- ARGV[6]  how long the call is known for its repeats, in ms
-- ARGV[7]  id
-- ARGV[8]  when it runs: '+ms' from now, or an instant; '=' to leave that as it is
-- ARGV[9]  new priority; '=' to leave it as it is
-- ARGV[10] new data as JSON; empty for none, '=' to leave it as it is
-- ARGV[11] who changes it, as JSON text without inner quotes; empty for nobody
-- ARGV[12] version of the new data; empty to leave it
--
-- Returns  { now, 'ok' | 'kept-for-next' | 'not-found' | 'ended' }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include give-up
-- @include gone
-- @include read
-- @include version
-- @include extra
-- @include new-data
-- @include move
redis.call('PERSIST', META)
local SAVED, id = prefix .. 'saved', ARGV[7]
local record, state, entry = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)

local function done_as(word)
  return ARGV[5] .. ':' .. word
end
for _, word in ipairs({ 'ok', 'kept-for-next' }) do
  if tonumber(redis.call('ZSCORE', SAVED, done_as(word)) or 0) > now then return { now_text, word } end
end
if not record or not is_legible(record) then return { now_text, 'not-found' } end

local name, facts = name_of(record), happened(state)
local asked_at, seq, old_priority, old_flags = asked(record)
local planned_at = planned(asked_at, facts)
local token, fence, locked_at, _, host, _, run, progress = holder(entry or '')
local was_claimed = run and string.sub(run, 1, 1) == 'c'
local is_running = entry and not was_claimed
if was_claimed then planned_at = own_time(run, planned_at) end
if not is_running and not planned_at then return { now_text, 'ended' } end

local function rewritten()
  local changed = record
  if ARGV[9] ~= '=' then changed = string.gsub(changed, '^(%[%d+,[^,]+,%d+,)[^,]+', '%1' .. ARGV[9], 1) end
  if ARGV[10] ~= '=' then changed = with_data(changed, old_flags, ARGV[10], tonumber(ARGV[12])) end
  return record_by(changed, ARGV[11])
end

local changed = rewritten()
if changed ~= record then hset(JOBS, id, changed) end
if is_running then
  if token and ARGV[8] ~= '=' then
    hset(LEASE, id, lease_entry(token, fence, locked_at, text(instant(ARGV[8])), host, name, run, progress))
  end
else
  local _, _, priority, flags = asked(changed)
  local at = ARGV[8] == '=' and planned_at or instant(ARGV[8])
  if was_claimed then
    give_up(id, name)
    end_run(id, name, flags, record, true)
  else
    displace(id, name, planned_at, seq, old_priority, old_flags)
  end
  if at ~= planned_at then move(facts, flags, planned_at, at) end
  place(id, name, at, seq, priority, flags, facts, changed)
  if at ~= planned_at or was_claimed and state then
    facts.nextRunAt = at
    hset(STATE, id, packed(facts))
  end
end
local word = is_running and 'kept-for-next' or 'ok'
zadd(SAVED, text(soon + ARGV[6]), done_as(word))
flush()
forget(SAVED, 10)
advance()
return { now_text, word }
