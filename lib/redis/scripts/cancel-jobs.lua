-- cancel-jobs
-- Removes jobs in whatever state, with all that belongs to them; a producer that repeats its add does
-- not bring them back. A running one loses its lease; the reason is kept for its worker and published.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  longestLease, goneMs
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  channel for cancellations; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  reason
-- ARGV[6]  how long the reason is kept, in ms; for two leases if that is longer
-- ARGV[7]  how long removed ids stay known, in ms
-- ARGV[8]  'keep' when their log stays; else empty
-- ARGV[9..]  ids, 100 at most
--
-- Returns  { now, how many of the ids were looked at, '1' when their log is not yet dropped whole else empty,
--            and of those ids the ones that were there … }
--          fewer than asked for, one at least, when the jobs are large: ask again for the rest
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include remove
-- @include gone
-- @include read
redis.call('PERSIST', META)
if ARGV[8] == 'keep' then log_exists = false end
local ids, seen, gone = {}, {}, { now_text, '', '' }
for i = 9, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
local kept_ms = math.max(tonumber(ARGV[6]), 2 * tonumber(redis.call('HGET', META, 'longestLease') or 0))

-- The news may be lost, or not be allowed: the worker's next renewal tells it as well.
local function tell_worker(id)
  redis.call('SET', prefix .. 'cancelled:' .. id, ARGV[5], 'PX', text(kept_ms))
  if ARGV[3] ~= '' then
    redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. ',"jobId":' .. cjson.encode(id) .. ',"reason":' .. cjson.encode(ARGV[5]) .. '}')
  end
end

-- Of a record that cannot be read it leaves the places that name it by its id alone; claims drop the others.
local function leave_place(id, name, record, state)
  local asked_at, seq, priority = asked(record)
  if seq then
    displace(id, name, planned(asked_at, happened(state)), seq, priority)
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

local count = read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
  if not record or seen[id] then return end
  seen[id] = true
  if entry then
    zrem(LEASES, id)
    hdel(LEASE, id)
    tell_worker(id)
  end
  for _, name in ipairs(names_of(record)) do
    if entry then zrem(index('running', name), id) else leave_place(id, name, record, state) end
    zrem(index('disabled', name), id)
  end
  remove_keys(id, record, 'cancelled')
  remember_gone(id, record, tonumber(ARGV[7]))
  remove_record(id, state)
  gone[#gone + 1] = id
end)
flush()
forget_gone(2 * #ids)
gone[2] = tostring(count)
if log_exists and redis.call('EXISTS', prefix .. 'logs:leaving') == 1 then gone[3] = '1' end
return gone
