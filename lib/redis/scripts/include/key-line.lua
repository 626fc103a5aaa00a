-- key-line
-- One key of a name: who stands in front for it, who waits in its line, and how a job gets from one place to
-- another (see KEYS OF JOBS in keys.ts). Everything is written at once, since the jobs of one call depend on each other.
-- @include time, key, order, record, gate, place

local TURNS, known, of_job, touched = prefix .. 'turns', {}, {}, {}
-- How many jobs have gone between lines and `ready` in this call.
local moves = 0

-- A key of a name: where what is known of it lies.
local function line_of(name, key)
  local whole = #name .. ':' .. name .. key
  local line = known[whole]
  if not line then
    line = { name = name, key = key, whole = whole }
    for _, part in ipairs({ 'line', 'heads', 'runs', 'holder', 'stop' }) do
      line[part] = prefix .. part .. ':' .. whole
    end
    known[whole] = line
  end
  return line
end

-- Of a job with a key; nil when its record is damaged. `record` may be nil.
local function line_of_job(id, name, record)
  if of_job[id] then return of_job[id] end
  record = record or redis.call('HGET', JOBS, id) or ''
  local quoted = string.match(own_of(record), '[{,]"key":("[^"]*")')
  local is_legible, decoded = pcall(cjson.decode, '[' .. (quoted or '') .. ']')
  of_job[id] = is_legible and decoded[1] and line_of(name, decoded[1]) or nil
  return of_job[id]
end

local function limits_of(line)
  local gate = gate_of(line.name)
  return gate and gate.key
end

local function touch(line)
  touched[line.whole] = line
end

-- Where a job stands among the others of its key: by its own time, as it would in `ready` without limits.
local function spot(id, at, seq, priority, flags)
  local is_first = goes_first(flags)
  return { id = id, at = at, score = ready_score(at, priority, is_first), member = ready_member(at, seq, priority, id, is_first) }
end

-- The same as the record and the state of a job tell, one without a time in front; nil when they are damaged.
local function spot_of_job(id, record, state)
  local asked_at, seq, priority, flags = asked(record)
  return seq and spot(id, planned(asked_at, happened(state)) or 0, seq, priority, flags)
end

-- Those at an end of a line or of the heads of a key.
local function spots_in(key, from, to)
  local found, spots = redis.call('ZRANGE', key, from, to, 'WITHSCORES'), {}
  for i = 1, #found, 2 do
    spots[#spots + 1] = { id = string.sub(found[i], READY_ID), score = found[i + 1], member = found[i] }
  end
  return spots
end

local function is_before(one, other)
  local score, other_score = tonumber(one.score), tonumber(other.score)
  return score < other_score or score == other_score and is_behind(other.member, one.member)
end

-- The score and member in `ready` of a job that stands there by its turn.
local function by_turn(one, turn)
  local first_at, score, member = READY_ID - SEQ_WIDTH, one.score, one.member
  if string.sub(member, first_at, first_at) == '-' then return score, member end
  if FIRST == 't' or FIRST == 'T' then score = ready_score(turn) end
  if SECOND == 't' or SECOND == 'T' then member = second_key(turn) .. string.sub(member, TIME_WIDTH + 1) end
  return score, member
end

local function note_earliest(name, at)
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end

-- Of a job that stands in front: its turn, and its own time.
local turns = {}
local function turn_of(id)
  if not turns[id] then
    local turn, at = string.match(redis.call('HGET', TURNS, id) or '', '^(%-?%d+) (%-?%d+)$')
    turns[id] = { turn = tonumber(turn), at = tonumber(at) }
  end
  return turns[id].turn, turns[id].at
end

local function become_head(line, one, turn)
  moves = moves + 1
  redis.call('ZADD', line.heads, one.score, one.member)
  redis.call('HSET', TURNS, one.id, text(turn) .. ' ' .. text(one.at))
  turns[one.id] = { turn = turn, at = one.at }
  local score, member = by_turn(one, turn)
  redis.call('ZADD', index('ready', line.name), score, member)
  note_earliest(line.name, turn)
end

local function stand_plainly(line, one)
  redis.call('ZADD', index('ready', line.name), one.score, one.member)
  note_earliest(line.name, one.at)
end

local function give_up_turn(line, one)
  redis.call('ZREM', line.heads, one.member)
  redis.call('HDEL', TURNS, one.id)
  turns[one.id] = {}
end

-- Leaves its place in front; answers its turn, and its own time.
local function step_down(line, one)
  local turn, at = turn_of(one.id)
  local _, member = by_turn(one, turn)
  redis.call('ZREM', index('ready', line.name), member)
  give_up_turn(line, one)
  return turn, at
end

local function get_in_line(line, one)
  moves = moves + 1
  redis.call('ZADD', line.line, one.score, one.member)
  redis.call('ZADD', index('lined', line.name), text(one.at), one.id)
end

local function leave_line(line, one)
  line.is_left = true
  redis.call('ZREM', index('lined', line.name), one.id)
  return redis.call('ZREM', line.line, one.member)
end
