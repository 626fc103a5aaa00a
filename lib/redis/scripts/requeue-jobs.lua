-- requeue-jobs
-- Brings dead letters back, each judged alone: they wait for their time as if they had never failed. Why
-- and when they died is left to their history. An idempotency key that their death has freed is theirs
-- again, unless somebody else holds it. It expires no more. What was brought back is known by the nonce of the call, so a
-- repeat of it answers the same whatever has become of the jobs. Its first write is of a kind that Redis
-- allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  nonce of the call
-- ARGV[6]  how long the call is known for its repeats, in ms
-- ARGV[7]  name that the jobs must have; empty for any
-- ARGV[8]  when they run: '+ms' from now, or an instant; one that has passed is now
-- ARGV[9]  'anew' when their attempts, failures, rescues, releases and snoozes count from 0; else empty
-- ARGV[10] new data as JSON; empty for none, '=' to leave it as it is
-- ARGV[11] version of the new data; empty to leave it
-- ARGV[12..]  ids, 100 at most
--
-- Returns  { now, and for each of the ids that were looked at: 'ok' | 'not-found' | 'not-dead' | 'name-mismatch' | 'key-taken', holder of the key or empty }
--          fewer than asked for, one at least, when the jobs are large: ask again for the rest
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include window
-- @include history
-- @include held
-- @include gone
-- @include read
-- @include version
-- @include extra
-- @include new-data
-- @include tell
redis.call('PERSIST', META)
local SAVED, new_data = prefix .. 'saved', ARGV[10]
local at = math.max(now, instant(ARGV[8]))

-- The first of the keys that somebody else holds by now.
local taken_here = {}
local function other_holder(id, fields)
  for _, field in ipairs(fields) do
    local holder_id = taken_here[field] or holder_of(field)
    if holder_id and holder_id ~= id then return holder_id end
  end
end

local function bring_back(id, name, record, state)
  local _, seq, priority, flags = asked(record)
  local facts = happened(state)
  local entry = history_entry('queued', math.max(facts.attempt, 1), nil, nil, now, '')
  chronicle(id, entry, told_by(facts))
  drop_old_window(facts)
  facts.nextRunAt, facts.failedAt, facts.failure, facts.occurrenceAt = at, nil, nil, nil
  if ARGV[9] == 'anew' then
    begin_anew(facts)
    facts.failCount = 0
  end
  if has_flag(flags, FLAG.expires) then
    flags = flags - FLAG.expires
    record = with_flags(record, flags)
    hset(JOBS, id, record)
  end
  displace(id, name, nil, seq, priority, flags)
  place(id, name, at, seq, priority, flags, facts)
  hset(STATE, id, packed(facts))
  if new_data ~= '=' then hset(JOBS, id, with_data(record, flags, new_data, tonumber(ARGV[11]))) end
  if has_flag(flags, FLAG.ends_its_own_way) then zrem(prefix .. 'leaving', id) end
end

-- A record that cannot be read is no job that could run.
local function requeue(id, record, state)
  local call = ARGV[5] .. ':' .. id
  if tonumber(redis.call('ZSCORE', SAVED, call) or 0) > now then return 'ok' end
  if not record or not is_legible(record) then return 'not-found' end
  local name = name_of(record)
  if not redis.call('ZSCORE', index('dead', name), id) then return 'not-dead' end
  if ARGV[7] ~= '' and ARGV[7] ~= name then return 'name-mismatch' end
  local freed = own_facts(record).frees
  local holder_id = other_holder(id, freed)
  if holder_id then return 'key-taken', holder_id end
  for _, field in ipairs(freed) do
    taken_here[field] = id
    hold(field, id)
  end
  bring_back(id, name, record, state)
  tell('requeued', id, name, nil, nil, nil, at)
  zadd(SAVED, text(soon + ARGV[6]), call)
  return 'ok'
end

local ids, words, reply = {}, {}, { now_text }
for i = 12, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
read_some(ids, { JOBS, STATE }, function(_, id, record, state)
  words[id] = words[id] or { requeue(id, record, state) }
  reply[#reply + 1] = words[id][1]
  reply[#reply + 1] = words[id][2] or ''
end)
flush()
forget(SAVED, 2 * #ids)
advance()
tell_all()
return reply
