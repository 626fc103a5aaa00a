-- rescue-jobs
-- Acts on expired leases, oldest first: the job goes back to its old place, one rescue richer, or is
-- buried as `stalled` when its name allows no more. Holds off for a lease when no host passed by for longer
-- than that. Of large jobs it does about 1 MiB a call.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  lastPass, heldUntil, longestLease, longestLeaseAt
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  at most so many, 100 or less
-- ARGV[6]  lease in ms
-- ARGV[7]  rescues allowed where a name has no settings
--
-- Returns  { now, '1' if more are left else empty, held until or empty, earliest expiry or empty,
--            and for each job: id, name, host that lost it, attempt, rescues, 'requeued' | 'buried' }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include window-end
-- @include remove
-- @include gone
-- @include pass
-- @include read
-- @include rescue
redis.call('PERSIST', META)
local held = pass(tonumber(ARGV[6]))
redis.call('HSET', META, 'lastPass', now_text)
local first = earliest_expiry()
if held > now or not first or first > now then
  return { now_text, '', held > now and text(held) or '', first and text(first) or '' }
end

local reply = {}
rescue(tonumber(ARGV[5]), tonumber(ARGV[7]), function(...)
  for _, part in ipairs({ ... }) do
    reply[#reply + 1] = tostring(part)
  end
end)
tell_all()
local next_expiry = earliest_expiry()
local more = next_expiry and next_expiry <= now
return { now_text, more and '1' or '', '', next_expiry and text(next_expiry) or '', unpack(reply) }
