-- gates
-- What holds names back (see GATES in keys.ts). A name is closed while it is paused, while a stop that a handler
-- asked for lasts, and while it has a job that is due before its limits let the next one start. Closed, it
-- has the score -inf in `due`, and stands in `opens` if time alone opens it.
-- @include time, key, in-use, openings
-- @include rate
local GATES, OPENS, OPEN_LIMIT = prefix .. 'gates', prefix .. 'opens', 50
local known = {}

-- The gate of a name: paused, concurrency, rate, key, maxQueued, until, away; nil when it has none.
local function gate_of(name)
  if known[name] == nil then
    local is_legible, gate = pcall(cjson.decode, redis.call('HGET', GATES, name) or '')
    known[name] = is_legible and type(gate) == 'table' and gate or false
  end
  return known[name] or nil
end

-- Stores a gate; one with nothing in it goes. META tells as long as there is any.
local function keep_gate(name, gate)
  local was_in_use = in_use('gated')
  known[name] = next(gate) ~= nil and gate
  if known[name] then
    redis.call('HSET', GATES, name, cjson.encode(gate))
    if not was_in_use then redis.call('HSET', META, 'gated', '1') end
    used.gated = '1'
  else
    redis.call('HDEL', GATES, name)
    if was_in_use and redis.call('EXISTS', GATES) == 0 then
      redis.call('HDEL', META, 'gated')
      used.gated = false
    end
  end
end

-- How many jobs of a name its gate lets start now, after so many of its leases have `ended` (0 if left out); if none, from when on the next one may start, as far as
-- time decides (math.huge: something else must come first).
local function room_of(name, ended)
  local gate = gate_of(name)
  if not gate then return math.huge, now end
  if gate.paused then return 0, math.huge end
  local room, from, stopped_until = math.huge, now, gate['until'] or now
  if gate.rate then room, from = permitted('n' .. name, gate.rate) end
  if stopped_until > now then room, from = 0, math.max(from, stopped_until) end
  if gate.concurrency then
    local left = gate.concurrency + (ended or 0) - redis.call('ZCARD', index('running', name))
    if left <= 0 then return 0, math.huge end
    room = math.min(room, left)
  end
  return room, from
end

-- From when on claims get jobs of a name, as they know it: as `due` says without a mark (see bring-forward), or `opens`.
local function claimable_from(name)
  local due = redis.call('ZSCORE', DUE, name)
  local is_closed = due == '-inf'
  return math.ceil(tonumber(is_closed and redis.call('ZSCORE', OPENS, name) or not is_closed and due) or math.huge), is_closed
end

-- When the first of the jobs that wait is due; nil when none does.
local function head_of(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return now end
  return next_due_of(name)
end

local function close_until(name, from)
  redis.call('ZADD', DUE, '-inf', name)
  if from < math.huge then
    redis.call('ZADD', OPENS, text(from), name)
  else
    redis.call('ZREM', OPENS, name)
  end
end

local function open_at(name, head)
  redis.call('ZREM', OPENS, name)
  if head then redis.call('ZADD', DUE, text(head), name) else redis.call('ZREM', DUE, name) end
end

-- A stop whose time is over leaves nothing behind.
local function forget_stop(name, gate)
  if not gate or not gate['until'] or gate['until'] > now then return end
  gate['until'] = nil
  keep_gate(name, gate)
end

-- Closes or opens a name, as its gate says by now. Answers, if claims get its jobs earlier than before, from
-- when on: that is to be announced; and whether it is closed now.
local function reopen(name)
  local before, was_closed = claimable_from(name)
  local gate = gate_of(name)
  forget_stop(name, gate)
  local room, from = room_of(name)
  local is_stopped, head = gate and (gate.paused or gate['until']), head_of(name)
  local after, is_closed = before, false
  if room == 0 and (is_stopped or head and head < from) then
    if not was_closed or from ~= before then close_until(name, from) end
    after, is_closed = from, true
  elseif was_closed or head and head < before then
    open_at(name, head)
    after = head or math.huge
  end
  return after < before and before > now and after or nil, is_closed
end

-- Lets nothing of a name start before an instant. It is closed when it is next looked at, which is the caller's to do.
local function stop_name(name, till)
  local gate = gate_of(name) or {}
  gate['until'] = math.max(gate['until'] or 0, till)
  keep_gate(name, gate)
end

-- As many jobs of a name have started now.
local function note_starts_of(name, count)
  local gate = gate_of(name)
  if gate and gate.rate then note_starts('n' .. name, gate.rate, count) end
end

-- Opens the names whose time has come, a bounded number in a call. No news: who waits for one knows its time.
local function open_by_time()
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', OPENS, '-inf', now_text, 'LIMIT', 0, OPEN_LIMIT)) do
    reopen(name)
  end
end

-- Milliseconds until time opens the first of the names; nil when it opens none. Where many are closed that were
-- not asked for it may tell too short a time.
local MOST_OPENS_READ = 100
local function opens_in(names)
  local asked_for = {}
  for _, name in ipairs(names) do
    asked_for[name] = true
  end
  local found = redis.call('ZRANGE', OPENS, 0, MOST_OPENS_READ - 1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local is_last_read = i == 2 * MOST_OPENS_READ - 1
    if asked_for[found[i]] or is_last_read then return math.max(found[i + 1] - now, 0) end
  end
end
