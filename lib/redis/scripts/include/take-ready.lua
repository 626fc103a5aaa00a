-- take-ready
-- Takes due jobs out of the lines of their names. Those that may not come now keep their places, and
-- the claim looks past them, at most so many in a call: who refuses jobs must let them come after that.
-- @include time, key, order, writes, claim
local MAX_BYTES, MOST_PASSED = 1048576, 100
local passed, passed_in_all = {}, 0

-- Up to `want` members of a line that may come, in order, with their ids and states: all of them, if
-- `may_come(name, id, state)` does not refuse one that has a state.
local function find_ready(name, want, may_come)
  local ready, members, ids, states = index('ready', name), {}, {}, {}
  repeat
    local from, wanted = (passed[name] or 0) + #members, want - #members
    local page, page_ids = redis.call('ZRANGE', ready, from, from + wanted - 1), {}
    for i, member in ipairs(page) do
      page_ids[i] = string.sub(member, READY_ID)
    end
    local page_states = page[1] and redis.call('HMGET', STATE, unpack(page_ids))
    for i, member in ipairs(page) do
      local id, state = page_ids[i], page_states[i]
      if not state or may_come(name, id, state) then
        local n = #members + 1
        members[n], ids[n], states[n] = member, id, state
      else
        passed[name], passed_in_all = (passed[name] or 0) + 1, passed_in_all + 1
      end
    end
  until #members == want or #page < wanted
  return members, ids, states
end

-- Whether any job has kept its place.
local function passed_any()
  return passed_in_all > 0
end

-- Whether all that is due of a name keeps its place.
local function keeps_all(name)
  return passed[name] ~= nil and redis.call('ZCARD', index('ready', name)) == passed[name]
end

-- How many records to read next: few at first, then as many as the room left promises to hold.
local FIRST_READ = 4
local bytes, read = 0, 0
local function next_read(left)
  if read == 0 then return math.min(left, FIRST_READ) end
  return math.min(left, math.max(math.floor((MAX_BYTES - bytes) * read / math.max(bytes, 1)), 1))
end

-- Takes up to `want` jobs of a name; stops when the reply gets large. An index entry without a record
-- is dropped. Calls `take(id, record, state, name)` for each. Tells how many they are.
local function take_ready(name, want, may_come, take)
  promote(name)
  local members, ids, states = find_ready(name, want, may_come)
  local ready, taken, from = index('ready', name), 0, 1
  local repeating, retrying = index('repeating', name), index('retrying', name)
  local counted_apart = members[1] and redis.call('EXISTS', repeating, retrying) > 0
  while from <= #members and bytes < MAX_BYTES do
    local last = from + next_read(#members - from + 1) - 1
    local records = redis.call('HMGET', JOBS, unpack(ids, from, last))
    for i = from, last do
      local id, record, state = ids[i], records[i - from + 1], states[i]
      zrem(ready, members[i])
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
    from = last + 1
  end
  flush()
  return taken
end
