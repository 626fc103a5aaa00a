-- cancel-jobs
-- Removes jobs in whatever state, with all that belongs to them; a producer that repeats its add does
-- not bring them back. A running one loses its lease; the reason is kept for its worker and published.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  time in ms; empty for the server's clock
-- ARGV[3]  channel for cancellations; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  reason
-- ARGV[6]  how long the reason is kept, in ms
-- ARGV[7]  how long removed ids stay known, in ms
-- ARGV[8..]  ids, 100 at most
--
-- Returns  { now, ids that were there … }
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include place
-- @include remove
-- @include gone
redis.call('PERSIST', META)
local ids, gone = {}, { now_text }
for i = 8, #ARGV do
  ids[#ids + 1] = ARGV[i]
end

local function tell_worker(id)
  redis.call('SET', prefix .. 'cancelled:' .. id, ARGV[5], 'PX', ARGV[6])
  if ARGV[3] ~= '' then
    redis.call('PUBLISH', ARGV[3], ARGV[4] .. ',"jobId":' .. cjson.encode(id) .. ',"reason":' .. cjson.encode(ARGV[5]) .. '}')
  end
end

local records, states = redis.call('HMGET', JOBS, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
local entries = redis.call('HMGET', LEASE, unpack(ids))
local seen = {}
for i, id in ipairs(ids) do
  if records[i] and not seen[id] then
    seen[id] = true
    local name = name_of(records[i])
    local asked_at, seq, priority = asked(records[i])
    if entries[i] then
      zrem(LEASES, id)
      hdel(LEASE, id)
      zrem(index('running', name), id)
      tell_worker(id)
    else
      displace(id, name, planned(asked_at, happened(states[i])), seq, priority)
    end
    zrem(index('disabled', name), id)
    remove_keys(id, records[i])
    remember_gone(id, records[i], tonumber(ARGV[7]))
    remove_record(id, states[i])
    gone[#gone + 1] = id
  end
end
flush()
forget_gone(2 * #ids)
return gone
