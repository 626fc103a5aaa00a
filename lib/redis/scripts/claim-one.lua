-- claim-one
-- Leases one job out of turn: whatever its time, also a disabled one, and one that has ended, whose
-- attempts then count anew. A repeat with the same claim id gets the same lease. Its first write is of
-- a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  fence, lastPass, heldUntil, longestLease, longestLeaseAt
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  claim id
-- ARGV[6]  host
-- ARGV[7]  lease in ms
-- ARGV[8]  id
-- ARGV[9]  rescues allowed where a name has no settings
--
-- Returns  { now, 'not-found' | 'lease-mismatch' }; or { now, 'ok', fence, expiry, time of the claim, record, state, '!' if this is its last start, else empty }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include pass
-- @include last-start
-- @include tell
local token, host, lease_ms, id = ARGV[5] .. ':1', ARGV[6], tonumber(ARGV[7]), ARGV[8]

local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
local asked_at, seq, priority, flags = asked(record or '')
local name = seq and name_of(record)
if not name then return { now_text, 'not-found' } end

local function mark(of_state)
  return is_last_start(name, of_state, tonumber(ARGV[9])) and '!' or ''
end

local entry = redis.call('HGET', LEASE, id)
if entry then
  local held_by, fence, locked_at = holder(entry)
  local expiry = redis.call('ZSCORE', LEASES, id)
  if held_by ~= token or not expiry then return { now_text, 'lease-mismatch' } end
  return { now_text, 'ok', fence, expiry, locked_at, record, with_progress(id, state), mark(state) }
end

redis.call('PERSIST', META)
local _, last_fence = pass(lease_ms)
local fence, expiry = text(math.max(last_fence + 1, micros)), text(soon + lease_ms)
redis.call('HSET', META, 'lastPass', now_text, 'fence', fence)

local facts = happened(state)
local planned_at = planned(asked_at, facts)
displace(id, name, planned_at, seq, priority, flags)
begin_run(id, name, flags, record)
if not planned_at and facts.known then
  begin_anew(facts)
  state = packed(facts)
  hset(STATE, id, state)
end
hset(LEASE, id, lease_entry(token, fence, now_text, '', host, name, '', ''))
zadd(LEASES, expiry, id)
zadd(index('running', name), now_text, id)
flush()
advance()
if in_use('stream') then tell('started', id, name, event_stream().attempts_in(state) + 1, host) end
tell_all()
return { now_text, 'ok', fence, expiry, now_text, record, with_progress(id, state), mark(state) }
