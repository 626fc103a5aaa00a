-- claim
-- Hands due jobs to a host: they move to `running` and get a lease; no record is written.
-- @include time, key, order, writes, record, place
local PROMOTE_LIMIT, MAX_BYTES = 50, 1048576
local promoted, promotions_left = {}, PROMOTE_LIMIT

-- The parts of a member of `timed`.
local function seq_priority_id(member)
  local priority, id = string.match(member, '^([^:]*):(.*)$', 13)
  return tonumber(string.sub(member, 1, 12), 16), tonumber(priority) or 0, id
end

-- Moves what has become due from `timed` to `ready`: a bounded number in a call, the rest in the next.
local function promote(name)
  if promoted[name] then return end
  promoted[name] = true
  if promotions_left == 0 then return end
  local timed = index('timed', name)
  local due = redis.call('ZRANGEBYSCORE', timed, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, promotions_left)
  if not due[1] then return end
  promotions_left = promotions_left - #due / 2
  for i = 1, #due, 2 do
    local seq, priority, id = seq_priority_id(due[i])
    zrem(timed, due[i])
    local at = tonumber(due[i + 1])
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  end
  flush()
end

-- The instant from which a name is claimable, after its first jobs were taken.
local function recede(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return end
  local head = redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2]
  if head then
    redis.call('ZADD', DUE, head, name)
  else
    redis.call('ZREM', DUE, name)
  end
end

-- How many records to read next: few at first, then as many as the room left promises to hold.
local FIRST_READ = 4
local bytes, read = 0, 0
local function next_read(left)
  if read == 0 then return math.min(left, FIRST_READ) end
  return math.min(left, math.max(math.floor((MAX_BYTES - bytes) * read / math.max(bytes, 1)), 1))
end

-- Takes up to `want` jobs of a name, in order; stops when the reply gets large. An index entry
-- without a record is dropped. Calls `take(id, record, state, name)` for each.
local function take_ready(name, want, take)
  promote(name)
  local ready, taken, from = index('ready', name), 0, 1
  local repeating, retrying = index('repeating', name), index('retrying', name)
  local members = redis.call('ZRANGE', ready, 0, want - 1)
  local counted_apart = members[1] and redis.call('EXISTS', repeating, retrying) > 0
  while from <= #members and bytes < MAX_BYTES do
    local count, ids = next_read(#members - from + 1), {}
    for i = 1, count do
      ids[i] = string.sub(members[from + i - 1], READY_ID)
    end
    local records, states = redis.call('HMGET', JOBS, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
    for i, id in ipairs(ids) do
      local record, state = records[i], states[i]
      zrem(ready, members[from + i - 1])
      if counted_apart then
        zrem(repeating, id)
        zrem(retrying, id)
      end
      if record then
        bytes = bytes + #record + (state and #state or 0)
        read = read + 1
        taken = taken + 1
        take(id, record, state, name)
      end
    end
    from = from + count
  end
  flush()
  return taken
end
