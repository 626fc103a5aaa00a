-- take-ready
-- Takes due jobs out of the lines of their names. Those that may not come now keep their places, and
-- the claim looks past them, at most so many in a call: who refuses jobs must let them come after that.
-- @include time, key, order, writes, claim
-- @include reply-size
local MOST_PASSED = 100
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

-- So many jobs that their keys hold back are moved out of the way in a call; the next one goes on.
local MOST_HELD_BACK, held_back = 100, 0

-- Whether a job that was found may not start now, as far as its key is concerned. Others of the key may have
-- changed places with it meanwhile. Nil where no job has a key.
local is_held_back
if in_use('lined') then
  is_held_back = function(id, name, record, state, member, moves)
    local flags = select(4, asked(record))
    if not flags then lines().drop_head(id, name, record) end
    if not is_lined(flags) then return false end
    if lines().moves() ~= moves and not redis.call('ZSCORE', index('ready', name), member) then return true end
    if lines().start(id, name, record, state) then return false end
    held_back = held_back + 1
    return true
  end
end

-- Of a script in which jobs may expire: buries one that must not start any more, and tells so (see expiry).
local bury_if_expired

-- One look at the front of a line: see `take_ready`.
local function take_some_ready(name, want, may_come, take)
  local members, ids, states = find_ready(name, want, may_come)
  local ready, taken, from, moves = index('ready', name), 0, 1, is_held_back and lines().moves()
  local repeating, retrying = index('repeating', name), index('retrying', name)
  local counted_apart = members[1] and redis.call('EXISTS', repeating, retrying) > 0
  while from <= #members and bytes < MAX_BYTES and held_back < MOST_HELD_BACK do
    local last = from + next_read(#members - from + 1) - 1
    local records = redis.call('HMGET', JOBS, unpack(ids, from, last))
    for i = from, last do
      local id, record, state = ids[i], records[i - from + 1], states[i]
      if record then
        bytes = bytes + #record + (state and #state or 0)
        read = read + 1
      end
      local is_buried = record and bury_if_expired and bury_if_expired(id, name, record, state)
      if not record or not is_buried and not (is_held_back and is_held_back(id, name, record, state, members[i], moves)) then
        zrem(ready, members[i])
        if counted_apart then
          zrem(repeating, id)
          zrem(retrying, id)
        end
        if record then
          taken = taken + 1
          take(id, record, state, name)
        end
      end
    end
    from = last + 1
  end
  flush()
  if lines_tools then lines().refill() end
  return taken
end

-- Takes up to `want` jobs of a name; stops when the reply gets large. An index entry without a record
-- is dropped. Calls `take(id, record, state, name)` for each. Tells how many they are.
local function take_ready(name, want, may_come, take)
  promote(name)
  local taken, moves = 0, 0
  repeat
    -- Where others have come to stand in front it looks again, and passes the same once more.
    if moves > 0 then passed_in_all, passed[name] = passed_in_all - (passed[name] or 0), nil end
    local moves_before = is_held_back and lines().moves()
    taken = taken + take_some_ready(name, want - taken, may_come, take)
    moves = moves_before and lines().moves() - moves_before or 0
  until moves == 0 or taken == want or bytes >= MAX_BYTES or held_back >= MOST_HELD_BACK
  return taken
end
