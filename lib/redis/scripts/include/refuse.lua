-- refuse
-- The refusal ladder, in the order of judgement: not-found, not-running, lease-expired,
-- lease-mismatch. `entry` is the job's lease entry or false.
-- @include time, key, record

-- Returns the word, or nil when the caller holds the lease.
local function refusal(id, entry, token, earliest_expiry, after_expiry)
  if not entry then
    return redis.call('HEXISTS', JOBS, id) == 1 and 'not-running' or 'not-found'
  end
  -- A lock that came with a row is nobody's.
  if token == '' or string.sub(entry, 1, 1) == '|' then return 'lease-mismatch' end
  if not after_expiry and earliest_expiry and earliest_expiry <= now
    and tonumber(redis.call('ZSCORE', LEASES, id) or 0) <= now then
    return 'lease-expired'
  end
  if string.sub(entry, 1, #token + 1) ~= token .. '|' then return 'lease-mismatch' end
end

-- Ends that come twice are no refusals: completing a completed job, burying one that is done either way.
local function ended_already(id, kind)
  local name = name_of(redis.call('HGET', JOBS, id))
  if not name then return false end
  if redis.call('ZSCORE', index('completed', name), id) then
    return kind == 'completed' or kind == 'completed-own' or kind == 'removed' or kind == 'bury'
  end
  return kind == 'bury' and redis.call('ZSCORE', index('dead', name), id)
end
