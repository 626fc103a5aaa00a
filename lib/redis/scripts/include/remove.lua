-- remove
-- Takes the records of a job away, with all that belongs to it. Its place is left by the caller.
-- @include time, key, writes, record

-- The fields of `keys` that lead to a job stand in its record.
local function remove_keys(id, record)
  local own = own_and_rest(record)
  if own == '0' then return end
  for _, field in ipairs(cjson.decode(own).keys or {}) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
end

local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
  end
end

-- A repeated add must not bring a removed job back: its id, or its nonce, is kept for a while.
local function remember_gone(id, record, keep_ms)
  local nonce = record and string.match(own_and_rest(record), '"nonce":"(%x+)"')
  zadd(prefix .. 'gone', text(soon + keep_ms), nonce or id)
end

-- Drops a bounded number of remembered ids whose time is over: more than are added, so they never pile up.
local function forget_gone()
  local over = redis.call('ZCOUNT', prefix .. 'gone', '-inf', text(now))
  if over > 0 then redis.call('ZREMRANGEBYRANK', prefix .. 'gone', 0, math.min(over, 200) - 1) end
end
