-- limits
-- The limits in a gate: what the handler of a name says, but for those that were set by hand.
-- @include key, place
local LIMITS, MEMBERS = prefix .. 'limits', { 'concurrency', 'rate', 'key', 'maxQueued' }

local function read_limits(stored)
  local is_legible, limits = pcall(cjson.decode, stored or '')
  return is_legible and type(limits) == 'table' and limits or {}
end

-- The gate of a name has become another: it is opened or closed as that says, and what sleeps hears of it.
local function apply_gate(name, gate)
  gates().keep_gate(name, gate)
  local at = gates().reopen(name)
  if at then announce(name, at) end
end

-- `is_away`: all its jobs live in another partition.
local function rebuild_gate(name, is_away)
  local said = read_limits(redis.call('HGET', prefix .. 'settings', name)).limits
  local by_hand, gate = read_limits(redis.call('HGET', LIMITS, name)), gates().gate_of(name) or {}
  for _, member in ipairs(MEMBERS) do
    gate[member] = by_hand[member] or type(said) == 'table' and said[member] or nil
  end
  if is_away then gate.away = 1 end
  if gate.maxQueued or gate.away then redis.call('HSET', META, 'capped', '1') end
  apply_gate(name, gate)
end
