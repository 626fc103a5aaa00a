-- history
-- How attempts ended: `history:{id}`, a list, the newest first. A first run that ends its job well is not
-- written down, since the state tells of it; it is once another entry follows.
-- @include time, key, writes, record
local HISTORY_LENGTH = 20

local function part_of_entry(value)
  return value and text(value) or 'null'
end

-- kind: 'completed', 'failed', 'dead', 'rescued', 'queued' (again), of which the first letter is kept. `failure` may be nil.
local function history_entry(kind, attempt, planned_at, started_at, ended_at, host, failure)
  return '["' .. string.sub(kind, 1, 1) .. '",' .. attempt .. ',' .. part_of_entry(planned_at) .. ',' .. part_of_entry(started_at)
    .. ',' .. text(ended_at) .. ',' .. cjson.encode(host) .. (failure and ',' .. failure or '') .. ']'
end

-- The newest end as the state alone tells it, for a job without a history; nil when it tells of none.
-- The same is said in attempt-history.ts, for those who read.
local function told_by(facts)
  local ended_at, started_at = facts.lastFinishedAt, facts.lastRunAt
  if not ended_at then return end
  if started_at and started_at > ended_at then started_at = nil end
  local failed = facts.failedAt and facts.failedAt >= ended_at
  local kind = failed and (facts.nextRunAt and 'failed' or 'dead') or 'completed'
  return history_entry(kind, math.max(facts.attempt, 1), nil, started_at, ended_at, '', failed and facts.failure)
end

-- `told`: what the state told before; nil for nothing. Where a stranger has put something else in its place
-- the history is lost, and nothing more.
local function chronicle(id, entry, told)
  at_flush(function()
    local key = prefix .. 'history:' .. id
    local length = redis.pcall('LPUSH', key, entry)
    if type(length) ~= 'number' then return end
    if length == 1 and told then redis.call('RPUSH', key, told) end
    if length > HISTORY_LENGTH then redis.call('LTRIM', key, 0, HISTORY_LENGTH - 1) end
  end)
end
