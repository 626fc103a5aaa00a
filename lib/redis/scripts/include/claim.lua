-- claim
-- What a claim does with the line of a name before and after it takes jobs out of it.
-- @include time, key, order, writes, record, place
local PROMOTE_LIMIT = 50
local promoted, promotions_left = {}, PROMOTE_LIMIT

-- The parts of a member of `timed`, and whether its job goes first.
local function seq_priority_id(member)
  local mark, priority, id = string.match(member, '^(%^?)([^:]*):(.*)$', 13)
  return tonumber(string.sub(member, 1, 12), 16), tonumber(priority) or 0, id, mark ~= ''
end

-- Moves what has become due from `timed` to `ready`: a bounded number in a call, the rest in the next.
local function promote_timed(name)
  if promotions_left == 0 then return end
  local timed = index('timed', name)
  local due = redis.call('ZRANGEBYSCORE', timed, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, promotions_left)
  if not due[1] then return end
  promotions_left = promotions_left - #due / 2
  if in_use('lined') and (gate_of(name) or {}).key then return lines().promote(name, due, seq_priority_id) end
  for i = 1, #due, 2 do
    local seq, priority, id, is_first = seq_priority_id(due[i])
    zrem(timed, due[i])
    local at = tonumber(due[i + 1])
    zadd(index('ready', name), ready_score(at, priority, is_first), ready_member(at, seq, priority, id, is_first))
  end
  flush()
end

-- Once for each name: who has become due gets into `ready`, or into the line of its key, and who may step up from there.
local function promote(name)
  if promoted[name] then return end
  promoted[name] = true
  promote_timed(name)
  if in_use('lined') then lines().open(name) end
end

-- The instant from which a name is claimable, after its first jobs were taken. False: some are left in its line.
-- Tells that instant, too, if there is one.
local function recede(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return false end
  local head = next_due(name)
  if head then
    redis.call('ZADD', DUE, text(head), name)
  else
    redis.call('ZREM', DUE, name)
  end
  return true, head
end
