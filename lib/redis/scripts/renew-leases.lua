-- renew-leases
-- Moves the expiry of leases to later; never to earlier. A lease that is lost is told with its word,
-- and with the canceller's reason if the job was cancelled. Keeps the progress that a handler told. Writes only for leases that are held.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  lastPass, heldUntil, longestLease, longestLeaseAt
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  how long, in ms
-- ARGV[4]  'late' when an expired lease that nobody has taken over may be taken up again; else empty
-- ARGV[5..]  for each lease: id, token, progress (empty to leave it as it is)
--
-- Returns  { now, and for each lost lease: id, token, refusal, '1' if cancelled else empty, reason }
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include refuse
-- @include pass
local lease_ms = tonumber(ARGV[3])
redis.call('PERSIST', META)
pass(lease_ms)
redis.call('HSET', META, 'lastPass', now_text)

local reply = { now_text }
local function lost(id, token, word)
  local reason = word ~= 'lease-expired' and redis.call('GET', prefix .. 'cancelled:' .. id)
  for _, part in ipairs({ id, token, word, reason and '1' or '', reason or '' }) do
    reply[#reply + 1] = part
  end
end

local function tell_progress(id, entry, progress)
  local token, fence, locked_at, pending, host, name, run = holder(entry)
  if name then hset(LEASE, id, lease_entry(token, fence, locked_at, pending, host, name, run, progress)) end
end

local ids = {}
for i = 5, #ARGV, 3 do
  ids[#ids + 1] = ARGV[i]
end
local entries, first_expiry = redis.call('HMGET', LEASE, unpack(ids)), earliest_expiry()
for i, id in ipairs(ids) do
  local token, progress = ARGV[3 + 3 * i], ARGV[4 + 3 * i]
  local word = refusal(id, entries[i], token, first_expiry, ARGV[4] == 'late')
  if word then
    lost(id, token, word)
  else
    local expiry = math.max(tonumber(redis.call('ZSCORE', LEASES, id) or 0), soon + lease_ms)
    zadd(LEASES, text(expiry), id)
    if progress ~= '' then tell_progress(id, entries[i], progress) end
  end
end
flush()
return reply
