-- cancel-jobs
-- Removes jobs in whatever state, or those of them that may go, with all that belongs to them; a producer that
-- repeats its add does not bring them back. A running one loses its lease; the reason is kept for its worker and published.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  longestLease, goneMs
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none. Cancellations have one of their own: its name and ':cancel'
-- ARGV[4]  head of a message
-- ARGV[5]  reason
-- ARGV[6]  how long the reason is kept, in ms; for two leases if that is longer
-- ARGV[7]  how long removed ids stay known, in ms
-- ARGV[8]  'keep' when their log stays; else empty
-- ARGV[9]  which of them stay, as letters: r running ones, e recurring ones ('every'); q all but one-time jobs that
--          are queued, w all but those that are queued or scheduled, d all but those that are dead letters
-- ARGV[10..]  ids, 100 at most
--
-- Returns  { now, how many of the ids were looked at, '1' when their log is not yet dropped whole else empty,
--            and of those ids the ones that were removed … }
--          fewer than asked for, one at least, when the jobs are large: ask again for the rest
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include give-up
-- @include remove
-- @include gone
-- @include read
-- @include recurs
-- @include tell
redis.call('PERSIST', META)
if ARGV[8] == 'keep' then log_exists = false end
local ids, seen, gone = {}, {}, { now_text, '', '' }
for i = 10, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
local kept_ms = math.max(tonumber(ARGV[6]), 2 * tonumber(redis.call('HGET', META, 'longestLease') or 0))

-- The news may be lost, or not be allowed: the worker's next renewal tells it as well.
local function tell_worker(id)
  redis.call('SET', prefix .. 'cancelled:' .. id, ARGV[5], 'PX', text(kept_ms))
  if ARGV[3] ~= '' then
    redis.pcall('PUBLISH', ARGV[3] .. ':cancel', ARGV[4] .. ',"jobId":' .. cjson.encode(id) .. ',"reason":' .. cjson.encode(ARGV[5]) .. '}')
  end
end

-- Of a record that cannot be read it leaves the places that name it by its id alone; claims drop the others.
local function leave_place(id, name, record, state)
  local asked_at, seq, priority, flags = asked(record)
  if seq then
    displace(id, name, planned(asked_at, happened(state)), seq, priority, flags)
    return
  end
  for _, place_name in ipairs({ 'parked', 'repeating', 'retrying', 'completed', 'dead' }) do
    zrem(index(place_name, name), id)
  end
end

-- Where the name is damaged, any name may be its own: as many are tried as one call may take.
local function names_of(record)
  local name = name_of(record)
  return name and { name } or redis.call('SRANDMEMBER', prefix .. 'names', 200)
end

local function asks_for(letter)
  return string.find(ARGV[9], letter, 1, true) ~= nil
end

-- Whether a one-time job waits for its first run, or for one that was put off: due, or not if that is asked for.
local function waits(record, state, flags)
  local asked_at, facts = asked(record), happened(state)
  local at = planned(asked_at, facts)
  return at and (at <= now or asks_for('w')) and not secondary(facts, flags) and not recurs(record, flags)
end

local function is_dead(record, state, flags)
  local asked_at, facts = asked(record), happened(state)
  return not planned(asked_at, facts) and secondary(facts, flags) == 'retrying' and not recurs(record, flags)
end

local function may_go(record, state, entry)
  if ARGV[9] == '' then return true end
  local _, _, _, flags = asked(record)
  if asks_for('d') then return not entry and is_legible(record) and is_dead(record, state, flags) end
  if asks_for('q') or asks_for('w') then return not entry and is_legible(record) and waits(record, state, flags) end
  if entry and asks_for('r') then return false end
  return not (asks_for('e') and flags and recurs(record, flags))
end

local told_kind = ARGV[9] == '' and 'cancelled' or 'removed'
local count = read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
  if not record or seen[id] then return end
  seen[id] = true
  if not may_go(record, state, entry) then return end
  if entry then tell_worker(id) end
  for _, name in ipairs(names_of(record)) do
    if entry then give_up(id, name) else leave_place(id, name, record, state) end
    end_run(id, name, select(4, asked(record)), record)
    zrem(index('disabled', name), id)
  end
  remove_keys(id, record, 'cancelled')
  remember_gone(id, record, tonumber(ARGV[7]))
  remove_record(id, state)
  tell(told_kind, id, name_of(record))
  gone[#gone + 1] = id
end)
flush()
advance()
tell_all()
forget_gone(2 * #ids)
gone[2] = tostring(count)
if log_exists and redis.call('EXISTS', prefix .. 'logs:leaving') == 1 then gone[3] = '1' end
return gone
