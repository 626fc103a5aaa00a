-- remove
-- Takes the records of a job away, with all that belongs to it. Its place is left by the caller.
-- @include time, key, writes, record
-- @include log

-- The fields of `keys` that lead to a job stand in its record.
local function remove_keys(id, record)
  local own = own_and_rest(record)
  if own == '0' then return end
  local ok, facts = pcall(cjson.decode, own)
  for _, field in ipairs(ok and type(facts.keys) == 'table' and facts.keys or {}) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
end

local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
  end
  remove_log(id)
end
