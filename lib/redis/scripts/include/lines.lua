-- lines
-- Jobs with a key, of names with limits per key (see KEYS OF JOBS in keys.ts): who of a key stands in `ready`, who
-- waits in its line, and who may start.
-- @include time, key, order, record, in-use, gate, place
-- @include key-line
local MOST_MOVED = 100
local moves_left = MOST_MOVED

-- Who keeps the key through its retries, so that no other job may start; nil for nobody.
local function holder_of(line, limits)
  return limits and limits.order == 'fifo' and redis.call('GET', line.holder) or nil
end

local function let_go(line, id)
  if redis.call('GET', line.holder) ~= id then return end
  redis.call('DEL', line.holder)
  touch(line)
end

local function most_runs(limits)
  return limits.order == 'fifo' and 1 or limits.concurrency or math.huge
end

-- How many may start now by the rate of the key; if none may, from when on the next one may.
local function starts_left(line, limits)
  if not limits.rate then return math.huge, now end
  local starts, from = gates().permitted('k' .. line.whole, limits.rate)
  line.stopped_until = line.stopped_until or tonumber(redis.call('GET', line.stop) or 0)
  if line.stopped_until <= now then return starts, from end
  return 0, starts > 0 and line.stopped_until or math.max(from, line.stopped_until)
end

-- How many more of a key may stand in front; and where only its rate is in the way, from when on one more may.
local function room_in(line, limits)
  if not limits then return math.huge end
  local heads = redis.call('ZCARD', line.heads)
  local room = most_runs(limits) - redis.call('SCARD', line.runs) - heads
  local starts, from = starts_left(line, limits)
  if starts > heads or room <= 0 then return math.min(room, starts - heads) end
  return 0, heads == 0 and from or nil
end

-- Whether nobody of the line comes before a job that is not in it.
local function is_next(line, one, holder)
  local next_one = spots_in(line.line, 0, 0)[1]
  return holder == one.id or not next_one or is_before(one, next_one)
end

-- Puts a job where it belongs that is due.
local function stand(line, one)
  local limits = limits_of(line)
  touch(line)
  if not limits then return stand_plainly(line, one) end
  local holder = holder_of(line, limits)
  if holder and holder ~= one.id then return get_in_line(line, one) end
  local last_head = spots_in(line.heads, -1, -1)[1]
  if is_next(line, one, holder) and room_in(line, limits) > 0 then
    become_head(line, one, one.at)
  elseif last_head and is_before(one, last_head) then
    local turn
    turn, last_head.at = step_down(line, last_head)
    get_in_line(line, last_head)
    become_head(line, one, turn)
  else
    get_in_line(line, one)
  end
end

-- Notes when a key is to be looked at again in which somebody waits.
local function note_opening(line, room, from)
  local openings, opens_at = index('openings', line.name), room > 0 and now or from
  redis.call('ZADD', index('lines', line.name), gates().number_of_limits(line.name), line.key)
  if opens_at then
    redis.call('ZADD', openings, text(opens_at), line.key)
    note_earliest(line.name, opens_at)
  else
    redis.call('ZREM', openings, line.key)
  end
end

local function forget_opening(line)
  if not line.is_left then return end
  redis.call('ZREM', index('lines', line.name), line.key)
  redis.call('ZREM', index('openings', line.name), line.key)
end

-- Who may step up next, as many as so many; and whether nobody may, since the key is kept.
local function next_in(line, limits, most)
  local holder = holder_of(line, limits)
  if not holder then return spots_in(line.line, 0, most - 1) end
  if not redis.call('ZSCORE', index('lined', line.name), holder) then return {}, true end
  local record, state = redis.call('HGET', JOBS, holder), redis.call('HGET', STATE, holder)
  return { spot_of_job(holder, record or '', state) }
end

-- When a job in a line is due; where somebody has damaged what tells it, as its record says. Nil for one that is gone.
local function time_in_line(line, id)
  local at = tonumber(redis.call('ZSCORE', index('lined', line.name), id))
  if at or redis.call('HEXISTS', LEASE, id) == 1 then return at end
  local asked_at, seq = asked(redis.call('HGET', JOBS, id) or '')
  return seq and planned(asked_at, happened(redis.call('HGET', STATE, id)))
end

-- Lets as many of a line step up as there is room for.
local function refill(line)
  local waiting = redis.call('ZCARD', line.line)
  if waiting == 0 then return forget_opening(line) end
  local limits = limits_of(line)
  local room, from = room_in(line, limits)
  local most = math.min(room, moves_left)
  if most > 0 then
    local spots, is_held = next_in(line, limits, most)
    for _, one in ipairs(spots) do
      one.at = time_in_line(line, one.id)
      leave_line(line, one)
      if one.at and limits then become_head(line, one, now) elseif one.at then stand_plainly(line, one) end
    end
    moves_left = moves_left - #spots
    waiting, room = waiting - #spots, is_held and 0 or room - #spots
  end
  if waiting == 0 then forget_opening(line) else note_opening(line, room, from) end
end

-- Refills the lines of all keys that were touched.
local function refill_touched()
  local lines_to_fill = touched
  touched = {}
  for _, line in pairs(lines_to_fill) do
    refill(line)
  end
end

-- What goes on with the lines of a name by itself: keys open by time, or since its limits are others now.
local MOST_OPENED = 50
local function open_lines(name)
  for _, key in ipairs(gates().keys_to_open(name, MOST_OPENED)) do
    touch(line_of(name, key))
  end
  refill_touched()
end

-- From the first job with a key on claims look at keys.
local function note_use_of_keys()
  if in_use('lined') then return end
  redis.call('HSET', META, 'lined', '1')
  used.lined = '1'
end

-- A job that is due gets its place. What is damaged has no key, and is hindered by nobody.
local function place_lined(id, name, at, seq, priority, flags, record)
  local line, one = line_of_job(id, name, record), spot(id, at, seq, priority, flags)
  if line then stand(line, one) else stand_plainly({ name = name }, one) end
end

-- A job in front leaves whose record is damaged: only its id is sure. Its place in `ready` is left by the caller.
local function drop_head(id, name, record)
  local line = line_of_job(id, name, record)
  if not line or not turn_of(id) then return end
  for _, one in ipairs(spots_in(line.heads, 0, -1)) do
    if one.id == id then give_up_turn(line, one) end
  end
  touch(line)
end

-- A job leaves its place that was due, or may have been.
local function leave_lined(id, name, at, seq, priority, flags, record)
  local line, one = line_of_job(id, name, record), spot(id, at, seq, priority, flags)
  if not line then
    redis.call('ZREM', index('ready', name), one.member)
    return
  end
  if turn_of(id) then
    step_down(line, one)
    touch(line)
  elseif redis.call('ZREM', index('ready', name), one.member) + leave_line(line, one) > 0 then
    touch(line)
  end
end

-- A job that waits keeps its key no longer.
local function let_go_of_key(id, name, record)
  local line = line_of_job(id, name, record)
  if line then let_go(line, id) end
end

-- Moves what has become due from `timed` to where it belongs, given as it stands there, until the records that
-- were read make about 1 MiB.
local PROMOTED_BYTES = 1048576
local function promote_lined(name, due, parts_of_member)
  local timed, bytes = index('timed', name), 0
  for i = 1, #due, 2 do
    if bytes >= PROMOTED_BYTES then break end
    local seq, priority, id, is_first = parts_of_member(due[i])
    local record, at = redis.call('HGET', JOBS, id), tonumber(due[i + 1])
    local flags = is_first and FLAG.first or 0
    redis.call('ZREM', timed, due[i])
    bytes = bytes + #(record or '')
    if record and is_lined(select(4, asked(record))) then
      place_lined(id, name, at, seq, priority, flags, record)
    else
      stand_plainly({ name = name }, spot(id, at, seq, priority, flags))
    end
  end
end

-- Whether a job that was met in `ready` may start. One that may not goes into the line, out of the others' way.
-- `is_ahead`: it is not due, and stays where it is.
local function may_start(id, name, record, state, is_ahead)
  local line, one = line_of_job(id, name, record), spot_of_job(id, record, state)
  local limits = line and one and limits_of(line)
  if not limits then return true end
  local holder, is_head = holder_of(line, limits), turn_of(id) ~= nil
  local is_free = not holder or holder == id
  if is_head then
    if is_free and redis.call('SCARD', line.runs) < most_runs(limits) and starts_left(line, limits) > 0 then return true end
    step_down(line, one)
    get_in_line(line, one)
  elseif is_free and is_next(line, one, holder) and room_in(line, limits) > 0 then
    return true
  elseif is_ahead then
    return false
  else
    -- It came here when its name had no such limits.
    redis.call('ZREM', index('ready', name), one.member)
    stand(line, one)
  end
  refill(line)
  return false
end

-- A job begins to run; its place is left by the caller.
local function begin_run(id, name, record)
  local line = line_of_job(id, name, record)
  if not line then return end
  redis.call('SADD', line.runs, id)
  let_go(line, id)
  local limits = limits_of(line)
  if not limits or not limits.rate then return end
  gates().note_starts('k' .. line.whole, limits.rate, 1)
  touch(line)
end

-- A run is over. `keeps_key`: the job goes on later with what it was about.
local function end_run(id, name, record, keeps_key)
  local line = line_of_job(id, name, record)
  if not line then return end
  redis.call('SREM', line.runs, id)
  local limits = limits_of(line)
  if keeps_key and limits and limits.order == 'fifo' and redis.call('EXISTS', line.runs) == 0 then
    redis.call('SET', line.holder, id, 'NX')
  else
    let_go(line, id)
  end
  touch(line)
end

-- Lets a job run that was met in `ready`, if its key may; its place there is left by the caller.
local function start(id, name, record, state)
  if not may_start(id, name, record, state) then return false end
  local line, one = line_of_job(id, name, record), spot_of_job(id, record, state)
  if line and one and turn_of(id) then give_up_turn(line, one) end
  begin_run(id, name, record)
  refill_touched()
  return true
end

-- Nothing of a job's key starts before an instant. False where its name has no rate for each key.
local STOP_KEPT_MS = 60000
local function stop_key(id, name, record, till)
  local line = line_of_job(id, name, record)
  local limits = line and limits_of(line)
  if not limits or not limits.rate then return false end
  line.stopped_until = math.max(till, tonumber(redis.call('GET', line.stop) or 0))
  redis.call('SET', line.stop, text(line.stopped_until), 'PX', text(math.max(line.stopped_until - now, 0) + STOP_KEPT_MS))
  touch(line)
  return true
end
