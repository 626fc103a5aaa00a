-- hold-names
-- Takes names away from this partition, since all their jobs live in another one from now on; or brings them back.
-- A name that has jobs here, ended ones included, is not taken away, and one that has limits over all processes is not
-- brought back. Its first write is of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  gated, capped
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  'look' | 'away' | 'back'
-- ARGV[4..]  names
--
-- Returns  { now, and for each name: how many jobs are in its way here, '1' if the call has moved it else empty }
--          back: '1' if it is not away, and has no limits that would keep it so.
-- @include time
-- @include key
-- @include gate
local function jobs_of(name)
  local count = 0
  for _, place in ipairs({ 'ready', 'timed', 'lined', 'parked', 'running', 'completed', 'dead' }) do
    count = count + redis.call('ZCARD', index(place, name))
  end
  return count
end

local function move(name, gate, away)
  gate.away = away
  if away then redis.call('HSET', META, 'capped', '1') end
  gates().keep_gate(name, gate)
  return '1'
end

-- Also where this is but a look: who may not write is told so.
redis.call('PERSIST', META)
local reply = { now_text }
for i = 4, #ARGV do
  local name, moved, count = ARGV[i], '', 0
  local gate = gates().gate_of(name) or {}
  if ARGV[3] == 'back' then
    local is_limited = gate.concurrency or gate.rate or gate.maxQueued
    if not is_limited then moved = gate.away and move(name, gate, nil) or '1' end
  elseif not gate.away then
    count = jobs_of(name)
    if ARGV[3] == 'away' and count == 0 then moved = move(name, gate, 1) end
  end
  reply[#reply + 1] = text(count)
  reply[#reply + 1] = moved
end
return reply
