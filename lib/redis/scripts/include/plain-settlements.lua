-- plain-settlements
-- Ends a batch in which every attempt is the first success of a job that has told nothing: most batches are that. The
-- same as `settle` says, in few words; nothing is written before the whole batch is known to be plain.
-- Expects `settlements`, `gone_ms`, `has_gate` and ARGV[16..]: see settle-and-claim.
-- @include time, key, pass
-- @include forget
local GONE = prefix .. 'gone'
local PLAIN_ENTRY = '^([^|]+)|[^|]*|(%d+)||[^|]*|||(.+)$'

-- How a batch of that manner ends, or nil where there is more to do.
local function plain_manner(manner, are_leases_valid, most_patient_ms)
  local kind, late, argument = string.match(manner, '^(%S+) (%S+) (.*)$')
  if late ~= 'late' and not are_leases_valid then return end
  if kind == 'completed' and argument == '' then return { is_kept = true } end
  local age = kind == 'removed' and string.match(argument, '^y(%d+)$')
  return age and { is_young = tonumber(age) <= most_patient_ms } or nil
end

-- `patience_ms`: for how long the most patient process repeats its calls. True when the batch was plain, and is settled.
local function settle_plainly(patience_ms, has_log)
  local most_patient_ms, manners, seen, removes = math.max(gone_ms, patience_ms), {}, {}, {}
  local gone_until = text(soon + most_patient_ms)
  local ids, running, removed, completed, states, results, gone = {}, {}, {}, {}, {}, {}, {}
  for i = 1, settlements do
    ids[i] = ARGV[12 + i * 4]
  end
  local are_leases_valid = not redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, 1)[1]
  local entries, known_states = redis.call('HMGET', LEASE, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
  for i = 1, settlements do
    local id, at = ids[i], 12 + i * 4
    local manner, body = ARGV[at + 2], ARGV[at + 3]
    local token, locked_at, name = string.match(entries[i] or '', PLAIN_ENTRY)
    if token ~= ARGV[at + 1] or known_states[i] or seen[id] then return false end
    seen[id] = true
    local how = manners[manner] or plain_manner(manner, are_leases_valid, most_patient_ms)
    if not how then return false end
    manners[manner] = how
    local of_name = running[name]
    if not of_name then
      if has_gate(name) then return false end
      of_name = {}
      running[name], completed[name] = of_name, {}
    end
    of_name[#of_name + 1] = id
    if how.is_kept then
      local done, n = completed[name], #states
      done[#done + 1] = now_text
      done[#done + 1] = id
      states[n + 1], states[n + 2] = id, '[null,' .. locked_at .. ',' .. now_text .. ',1]'
      if body ~= '' then
        results[#results + 1] = id
        results[#results + 1] = body
      end
    else
      if removes[name] == nil then removes[name] = not has_log and redis.call('EXISTS', index('disabled', name)) == 0 end
      if not removes[name] then return false end
      removed[#removed + 1] = id
      if how.is_young then
        gone[#gone + 1] = gone_until
        gone[#gone + 1] = id
      end
    end
  end

  redis.call('ZREM', LEASES, unpack(ids))
  redis.call('HDEL', LEASE, unpack(ids))
  for name, of_name in pairs(running) do
    redis.call('ZREM', index('running', name), unpack(of_name))
    if completed[name][1] then redis.call('ZADD', index('completed', name), unpack(completed[name])) end
  end
  if removed[1] then redis.call('HDEL', JOBS, unpack(removed)) end
  if states[1] then redis.call('HSET', STATE, unpack(states)) end
  if results[1] then redis.call('HSET', RESULTS, unpack(results)) end
  if gone[1] then redis.call('ZADD', GONE, unpack(gone)) end
  if removed[1] then forget(GONE, 2 * settlements) end
  return true
end
