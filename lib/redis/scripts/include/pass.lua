-- pass
-- Notes that a living host passed by. After a gap of more than a lease the store, not the hosts, was
-- away: rescuing is then held off for one lease, so that the living can renew first. Hosts may have
-- leases of different lengths: the longest that was seen lately counts, so that a host with a short
-- one neither takes its own pace for an outage nor cuts the others' time short. After a hold-off
-- there is none for as long as it lasted, so that slow hosts still rescue; nor, where a host says within
-- which time it comes by again, for two such pauses if nobody came by since.
-- @include time, key
-- @include in-use
local FORGET_AFTER = 10

local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end

-- Until when rescuing is held off, the newest fence, the longest lease, whether some process listens
-- for what happens to jobs, whether anything was ever logged, and for how long some process repeats its calls, in ms.
local function pass(lease_ms, pace_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt', 'watchedUntil', 'logSeq',
    'gated', 'paused', 'expiring', 'stream', 'lined', 'idleUntil', 'goneMs')
  note_use(meta[8], meta[9], meta[10], meta[11], meta[12], meta[13])
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  -- As of the last pass: an outage in between makes nobody forgotten.
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  local was_away = last and now - last > longest
  if was_away and (last >= held or now >= held + math.max(longest, 2 * (pace_ms or 0))) then held = soon + longest end
  -- The clock stepped back.
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest, tonumber(meta[6] or 0) > now, meta[7] ~= false, tonumber(meta[14] or 0) or 0
end
