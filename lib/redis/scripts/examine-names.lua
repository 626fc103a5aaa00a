-- examine-names
-- Looks whether names are known, claimable in time, and closed for a reason alone, and mends what is not so, if that
-- is asked for. A look writes nothing; the first write of a repair is of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta  gated, capped
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'look' | 'repair'
-- ARGV[6..]  for each name, 50 at most: name, 'away' where all its jobs live in another partition, else empty
--
-- Returns  { now, how many were looked at, and for each finding: code, subject, detail, 'mended' | 'mendable' | 'left' }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include examine
-- @include limits
local OPENS, START_BYTES = prefix .. 'opens', 12
local PLACES = { 'ready', 'timed', 'lined', 'parked', 'running', 'completed', 'dead' }

local function has_jobs(name)
  for _, place_name in ipairs(PLACES) do
    if redis.call('EXISTS', index(place_name, name)) == 1 then return true end
  end
  return false
end

local function is_legible_json(stored)
  local is_legible, value = pcall(cjson.decode, stored)
  return is_legible and type(value) == 'table'
end

-- A worker that handles the name registers anew; limits are set anew by whoever has set them.
local function judge_settings(name)
  for _, field in ipairs({ 'settings', 'limits' }) do
    local stored = redis.call('HGET', prefix .. field, name)
    if stored and not is_legible_json(stored) then found('illegible-settings', name, field) end
  end
end

local function judge_rate(name)
  local key = prefix .. 'rate:n' .. name
  if #(redis.call('GET', key) or '') % START_BYTES == 0 then return end
  found('broken-rate', name, 'its newest starts cannot be read', function() redis.call('DEL', key) end)
end

local GATE_TYPES = {
  paused = 'table', concurrency = 'number', rate = 'table', key = 'table', maxQueued = 'number', ['until'] = 'number', away = 'number',
}

local function is_legible_gate(stored)
  if not is_legible_json(stored) then return false end
  for member, value in pairs(cjson.decode(stored)) do
    if type(value) ~= (GATE_TYPES[member] or type(value)) then return false end
  end
  return true
end

-- What cannot be read holds nothing back: the limits are made anew of what the handler and people have said.
local function judge_gate(name, is_away)
  local stored = redis.call('HGET', prefix .. 'gates', name)
  if not stored then return end
  if not is_legible_gate(stored) then
    found('broken-gate', name, 'its limits and its pause cannot be read', function()
      gates().keep_gate(name, {})
      rebuild_gate(name, is_away)
    end)
    return
  end
  local gate = cjson.decode(stored)
  if next(gate) == nil then
    found('broken-gate', name, 'holds nothing back', function() gates().keep_gate(name, gate) end)
  elseif (gate.maxQueued or gate.away) and redis.call('HEXISTS', META, 'capped') == 0 then
    found('forgotten-use', 'capped', name, function() redis.call('HSET', META, 'capped', '1') end)
  end
  if gate.away and has_jobs(name) then found('wrong-partition', name, 'all its jobs should live in another partition') end
  return gate
end

local function open_or_close(name)
  local at = gates().reopen(name)
  if at then announce(name, at) end
end

-- Why a name cannot be closed or open as it is; nil when it can.
local function fault_of_closing(name, gate, is_closed)
  local opens = redis.call('ZSCORE', OPENS, name)
  if not is_closed then
    local is_stopped = gate and (gate.paused or (gate['until'] or 0) > now)
    if is_stopped then return 'is open though it is stopped' end
    return opens and 'is to be opened, and is not closed' or nil
  end
  if not gate then return 'is closed without a reason' end
  local is_full = gate.concurrency and redis.call('ZCARD', index('running', name)) >= gate.concurrency
  if not (gate.paused or opens or is_full) then return 'is closed, and nothing opens it' end
end

local function judge_closing(name, gate, is_closed)
  local fault = fault_of_closing(name, gate, is_closed)
  if not fault then return false end
  found('broken-gate', name, fault, function()
    if not is_closed then redis.call('ZREM', OPENS, name) end
    open_or_close(name)
  end)
  return true
end

-- When the first of its jobs is due; nil when none waits.
local function first_due(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return now end
  return next_due(name)
end

local function judge_due(name, due)
  local first = first_due(name)
  if not first or due and due <= math.max(first, now) then return end
  found('late-name', name, due and text(due) or 'never', function() earliest[name] = first end)
end

local function judge_listing(name, due, is_closed)
  if not due or is_closed or redis.call('SISMEMBER', prefix .. 'names', name) == 1 then return end
  found('unlisted-name', name, 'is due', function()
    if has_jobs(name) then redis.call('SADD', prefix .. 'names', name) else redis.call('ZREM', DUE, name) end
  end)
end

for i = 6, #ARGV, 2 do
  local name = ARGV[i]
  judge_settings(name)
  judge_rate(name)
  local gate = judge_gate(name, ARGV[i + 1] == 'away')
  local score = redis.call('ZSCORE', DUE, name)
  local is_closed, due = score == '-inf', tonumber(score)
  if not judge_closing(name, gate, is_closed) and not is_closed then judge_due(name, due) end
  judge_listing(name, due, is_closed)
end
looked_at((#ARGV - 5) / 2)
flush()
advance()
return reply
