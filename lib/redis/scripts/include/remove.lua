-- remove
-- Takes the records of a job away, with all that belongs to it. Its place is left by the caller.
-- @include time, key, writes, record
-- @include read
-- Whether there may be a log to drop with a job; nil until somebody looks.
local log_exists, drop_log_of

-- As long as nothing was ever logged, this costs one look in a call, or none.
local function remove_log(id)
  if log_exists == nil then log_exists = redis.call('HEXISTS', META, 'logSeq') == 1 end
  if not log_exists then return end
  if not drop_log_of then
    -- @include log
    forget_removed()
    drop_log_of = function(job_id)
      zadd(REMOVED, now_text, job_id)
      drop_log(job_id)
    end
  end
  drop_log_of(id)
end

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
