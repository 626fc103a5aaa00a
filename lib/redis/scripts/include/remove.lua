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

-- What leads to a job stands in its record: fields of `keys`, tags, an expiry. All goes with it; only where it is
-- 'retention' that takes it, and not somebody who has 'cancelled' it, do those keys stay whose time is not over.
local function remove_keys(id, record, why)
  -- @include own
  local facts = own_facts(record)
  for _, tag in ipairs(facts.tags) do
    zrem(prefix .. 'tag:' .. tag, id)
  end
  if facts.expires then zrem(prefix .. 'expiring', id) end
  for _, field in ipairs(facts.keys) do
    local held_until = why == 'retention' and redis.call('ZSCORE', prefix .. 'held', field)
    local is_held = held_until and tonumber(held_until) > now
    if not is_held and redis.call('HGET', prefix .. 'keys', field) == id then
      hdel(prefix .. 'keys', field)
      zrem(prefix .. 'held', field)
    end
  end
end

-- What handlers of a job have told beside a number. As long as none ever did, this costs one look in a call.
local told_exists
local function remove_told(id)
  if told_exists == nil then told_exists = redis.call('HEXISTS', META, 'told') == 1 end
  if not told_exists then return end
  hdel(PROGRESS, id)
  drop(prefix .. 'output:' .. id)
end

-- `is_untold`: its handlers are known to have told nothing.
local function remove_record(id, has_state, is_untold)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
    drop(prefix .. 'history:' .. id)
    zrem(prefix .. 'leaving', id)
  end
  if not is_untold then remove_told(id) end
  remove_log(id)
end
