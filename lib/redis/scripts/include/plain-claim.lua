-- plain-claim
-- Leases due jobs of names of which nothing but the next ones in line has to be known: all stand in `ready`, and none
-- has run before. The same as take-ready and recede bring about, in few words; where there is more to think of it
-- leaves off: before it has leased anything, or in the second round, with what was leased until then.
-- Expects what settle-and-claim knows of the claim: `due`, `due_since`, `free`, `slots`, `ids`, `jobs`, `claim_id`, `host`,
-- `fence`, `expiry_text`, `held_by`, `has_gate`. ARGV[3]: news channel, empty for none.
-- @include time, key, news
-- @include order
-- @include reply-size
local leases, entries, later = {}, {}, {}

-- The front of a line: its next members, at most `most`, with their ids, whether there are more, and when the first
-- of those is due that wait for their time. Nil where the name is not plain.
local function front_of(name, most)
  local timed, repeating, retrying, head = index('timed', name), index('repeating', name), index('retrying', name), nil
  local has_others = redis.call('EXISTS', timed, repeating, retrying) > 0
  if has_others then
    head = tonumber(redis.call('ZRANGE', timed, 0, 0, 'WITHSCORES')[2])
    if head and head <= now then return end
  end
  local members, front_ids = redis.call('ZRANGE', index('ready', name), 0, most), {}
  local has_more = #members > most
  for i = 1, has_more and most or #members do
    front_ids[i] = string.sub(members[i], READY_ID)
  end
  for _, state in ipairs(front_ids[1] and redis.call('HMGET', STATE, unpack(front_ids)) or {}) do
    if state then return end
  end
  return { members = members, ids = front_ids, has_more = has_more, head = head, counted_in = has_others and { repeating, retrying } or {} }
end

-- Leases the first `most` of a front. Tells whether the line goes on behind them, and whether they came all.
local function lease_front(name, front, most)
  local front_ids, running, last = front.ids, {}, 0
  local count, before = math.min(most, #front_ids), #ids
  while last < count and bytes < MAX_BYTES do
    local from = last
    last = last + next_read(count - last)
    for i, record in ipairs(redis.call('HMGET', JOBS, unpack(front_ids, from + 1, last))) do
      -- A member without a record is dropped.
      if record then
        local id, n, at, job = front_ids[from + i], #ids + 1, #leases, #jobs
        ids[n] = id
        bytes, read = bytes + #record, read + 1
        entries[at + 1], entries[at + 2] = id, claim_id .. ':' .. n .. '|' .. text(fence + n - 1) .. held_by .. name
        leases[at + 1], leases[at + 2] = expiry_text, id
        running[#running + 1] = now_text
        running[#running + 1] = id
        jobs[job + 1], jobs[job + 2], jobs[job + 3], jobs[job + 4] = n, id, record, ''
      end
    end
  end
  if last > 0 then
    redis.call('ZREM', index('ready', name), unpack(front.members, 1, last))
    for _, counted_in in ipairs(front.counted_in) do
      redis.call('ZREM', counted_in, unpack(front_ids, 1, last))
    end
  end
  if running[1] then redis.call('ZADD', index('running', name), unpack(running)) end
  local taken = #ids - before
  slots, free[name] = slots - taken, free[name] - taken
  return front.has_more or last < #front_ids, taken == count
end

local function recede_to(name, head)
  if not head then return redis.call('ZREM', DUE, name) end
  redis.call('ZADD', DUE, text(head), name)
  later[#later + 1] = { name = name, at = head }
end

-- True when all that could be leased was, false when nothing was; else the names that were left for the second round.
local function claim_plainly()
  local fronts, share = {}, math.max(math.floor(slots / #due), 1)
  for _, name in ipairs(due) do
    -- One without a free slot may have to be closed.
    if has_gate(name) then return false end
    if free[name] > 0 then
      if due_since[name] % 1 > 0 then return false end
      local front = front_of(name, math.min(share, free[name]))
      if not front then return false end
      fronts[name] = front
    end
  end
  local full, left = {}, {}
  for _, name in ipairs(due) do
    local front = slots > 0 and fronts[name]
    if front then
      local has_more, came_all = lease_front(name, front, slots)
      if not has_more then
        recede_to(name, front.head)
      elseif came_all and free[name] > 0 then
        full[#full + 1] = name
      end
    end
  end
  for _, name in ipairs(full) do
    if slots > 0 and bytes < MAX_BYTES then
      -- Behind one that is left the others wait, too.
      local front = not left[1] and front_of(name, math.min(slots, free[name]))
      if not front then
        left[#left + 1] = name
      elseif not lease_front(name, front, slots) then
        recede_to(name, front.head)
      end
    end
  end
  if leases[1] then
    redis.call('ZADD', LEASES, unpack(leases))
    redis.call('HSET', LEASE, unpack(entries))
  end
  if later[1] and ARGV[3] ~= '' and tonumber(in_use('idle') or 0) > now then
    table.sort(later, function(one, other) return one.name < other.name end)
    for _, name in ipairs(later) do
      sleepers().tell_watchers(name.name, name.at, '', host)
    end
  end
  return not left[1] or left
end
