-- lock-row
-- Hands out one certain row, if it is free, enabled, and as the caller knows it. Its first write is of a
-- kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  fence
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  name
-- ARGV[6]  claim id
-- ARGV[7]  host
-- ARGV[8]  lease in ms
-- ARGV[9]  'repeat' when the call may have been carried out before; else empty
-- ARGV[10] how long the claim is known for its repeats, in ms
-- ARGV[11] id
-- ARGV[12] planned time; empty for none
--
-- Returns  { now, and the row if it was handed out: id, record, state, lease entry }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include claim
-- @include row
local name, id = ARGV[5], ARGV[11]
local earlier_try = row_of_earlier_try()
if earlier_try then return earlier_try end

local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
local asked_at, seq, priority, flags = asked(record or '')
local planned_at = seq and planned(asked_at, happened(state))
local is_as_known = seq and name_of(record) == name and planned_at == tonumber(ARGV[12])
if not is_as_known or has_flag(flags, FLAG.disabled) or redis.call('HEXISTS', LEASE, id) == 1 then return { now_text } end

if has_flag(flags, FLAG.expires) then
  -- @include own
  if (own_facts(record).expires or math.huge) <= now then return { now_text } end
end
redis.call('PERSIST', META)
reopen(name)
if in_use('paused') or gate_of(name) and gates().room_of(name) == 0 then return { now_text } end

if is_lined(flags) and not lines().may_start(id, name, record, state, true) then
  advance()
  return { now_text }
end
displace(id, name, planned_at, seq, priority, flags)
begin_run(id, name, flags, record)
local row = hand_out(id, name, record, state)
advance()
recede(name)
if gate_of(name) then gates().note_starts_of(name, 1) end
freed[name] = true
reopen_freed()
return row
