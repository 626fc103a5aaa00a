-- release-rows
-- Gives rows back that were handed out: as if nobody had taken them, each to the time it was planned
-- for. Leases that are no longer held with these tokens stay. Its first write is of a kind that Redis
-- allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'planned' to keep what has no time, since it would never run again; else empty
-- ARGV[6..]  for each row: id, token; 100 rows at most
--
-- Returns  { now, and the ids that are still held with their tokens … }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include give-up
-- @include refuse
redis.call('PERSIST', META)
local held = { now_text }

local function release(id, entry, record, state)
  local _, _, _, pending, _, name, run = holder(entry)
  local asked_at, seq, priority, flags = asked(record or '')
  -- What is damaged keeps its lease: rescue knows what to do with it.
  if not name or not seq then return end
  local facts = happened(state)
  local planned_at = planned(asked_at, facts)
  if ARGV[5] == 'planned' and not planned_at then return id end
  give_up(id, name)
  end_run(id, name, flags, record, true)
  local own_at = own_time(run, planned_at)
  local at = earlier(own_at, tonumber(pending))
  if at ~= own_at then facts.occurrenceAt = nil end
  if at ~= planned_at then
    facts.nextRunAt = at
    hset(STATE, id, packed(facts))
  end
  put_down(id, name, at, seq, priority, flags, facts)
end

for i = 6, #ARGV, 2 do
  local id, token = ARGV[i], ARGV[i + 1]
  local entry = redis.call('HGET', LEASE, id)
  if not refusal(id, entry, token, nil, true) then
    held[#held + 1] = release(id, entry, redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id))
  end
end
flush()
advance()
return held
