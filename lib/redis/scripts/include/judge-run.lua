-- judge-run
-- Whether a job that runs, or seems to, is known to run in all places: see HAND-OUT in keys.ts.
-- Expects ARGV[6]: rescues allowed where a name has no settings.
-- @include time, key, writes, record, place, examine
-- @include lease
-- @include give-up
-- @include window-end
-- @include remove
-- @include read
-- @include rescue
local NO_LONGEST_LEASE_MS = 30000
local numbers

-- A number in META that is ahead of all that were given.
local function expect_ahead(field, number)
  if not numbers then
    local stored = redis.call('HMGET', META, 'seq', 'fence')
    numbers = { seq = tonumber(stored[1]) or 0, fence = tonumber(stored[2]) or 0 }
  end
  if not number or number <= numbers[field] then return end
  numbers[field] = number
  found('counter-behind', field, text(number), function() redis.call('HSET', META, field, text(number)) end)
end

-- The run of a job whose lease cannot be told is lost: rescue does the rest.
local function lose_run(job)
  redis.call('ZADD', index('running', job.name), 'NX', now_text, job.id)
  rescue_one(job.id, job.record, job.state, job.entry, tonumber(ARGV[6]), function() end)
end

-- Its worker goes on renewing it; without one it is rescued after that.
local function expect_expiry_of_lease(job)
  local longest = tonumber(redis.call('HGET', META, 'longestLease')) or 0
  zadd(LEASES, text(soon + math.max(longest, NO_LONGEST_LEASE_MS)), job.id)
end

local function judge_lease(job)
  local id, name, expiry = job.id, job.name, redis.call('ZSCORE', LEASES, job.id)
  local token, fence, locked_at, pending, host, held_name, run, progress = holder(job.entry)
  if not held_name then
    return found('illegible-lease', id, job.entry, function() lose_run(job) end)
  end
  if held_name ~= name then
    return found('illegible-lease', id, job.entry, function()
      zrem(index('running', held_name), id)
      zadd(index('running', name), locked_at, id)
      hset(LEASE, id, lease_entry(token, fence, locked_at, pending, host, name, run, progress))
    end)
  end
  expect_ahead('fence', tonumber(fence))
  local since, is_mended = job.stands.running, false
  if run == 'l' and expiry then
    is_mended = found('half-running', id, 'a lock with an expiry', function() zrem(LEASES, id) end)
  elseif run ~= 'l' and not expiry then
    is_mended = found('half-running', id, 'a lease without an expiry', function() expect_expiry_of_lease(job) end)
  end
  if since and (run ~= '' or since == tonumber(locked_at)) then return is_mended end
  return found('half-running', id, since and 'since another time' or 'a lease without a place', function()
    zadd(index('running', name), locked_at, id)
  end)
end

-- Of a job without a lease. `is_at_home`: it stands where it belongs.
local function judge_no_lease(job, is_at_home)
  local expiry = redis.call('ZSCORE', LEASES, job.id)
  if not expiry and not job.stands.running then return false end
  local detail = job.stands.running and 'a place among the running without a lease' or 'an expiry without a lease'
  return found('half-running', job.id, detail, function()
    if job.stands.running and not is_at_home then return lose_run(job) end
    zrem(LEASES, job.id)
    zrem(index('running', job.name), job.id)
  end)
end
