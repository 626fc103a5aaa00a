-- own-end
-- What a job wants done when it ends, completed or dead: keys are freed that its end frees, it is noted when it
-- goes, if it brought a retention of its own, and it expires no more.
-- @include time, key, writes, record
-- @include own
-- place: 'completed' or 'dead'; nil where the job stands among those without ever having run: it stays.
local function end_own_way(id, record, place)
  local facts = own_facts(record)
  for _, field in ipairs(facts.frees) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
  if facts.expires then zrem(prefix .. 'expiring', id) end
  local retention = facts.overrides.retention
  local kept_ms = place and type(retention) == 'table' and retention[place == 'dead' and 'failed' or 'completed']
  -- What an earlier end of it has noted counts no longer.
  zrem(prefix .. 'leaving', id)
  if type(kept_ms) == 'number' then zadd(prefix .. 'leaving', text(soon + math.ceil(kept_ms)), id) end
end
