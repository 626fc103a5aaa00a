-- held
-- Idempotency keys: `keys` leads from a key to the job that was added with it. The key is held while that job
-- carries it in its record, and until the time in `held`, whatever has become of the job. A key that
-- nobody holds is free.
-- @include time, key, writes, record
-- @include read
-- @include own
local POINTERS, HELD = prefix .. 'keys', prefix .. 'held'

local function carries(record, field)
  for _, carried in ipairs(own_facts(record).keys) do
    if carried == field then return true end
  end
  return false
end

-- Who holds a key: the id of a job and its record, false when that is removed; nothing when the key is
-- free. Where the record is `unwanted` it is not read without need: it is '' then.
local function holder_of(field, unwanted)
  local id = redis.call('HGET', POINTERS, field)
  if not id then return end
  local held_until = tonumber(redis.call('ZSCORE', HELD, field))
  local is_open = held_until and held_until > now
  if unwanted and (is_open or not held_until) then
    -- A key without a time is carried by its job as long as that is there.
    local exists = redis.call('HEXISTS', JOBS, id) == 1
    if is_open or exists then return id, exists and '' end
    return
  end
  local record = redis.call('HGET', JOBS, id)
  if is_open or record and carries(record, field) then return id, record end
end

local function hold(field, id, held_until)
  hset(POINTERS, field, id)
  zrem(HELD, field)
  if held_until then zadd(HELD, held_until, field) end
end

-- Forgets times that are over, a bounded number of them: with the key where nothing else holds it.
local function forget_held(limit)
  local fields, ids = redis.call('ZRANGEBYSCORE', HELD, '-inf', now_text, 'LIMIT', 0, limit), {}
  if not fields[1] then return end
  for i, id in ipairs(redis.call('HMGET', POINTERS, unpack(fields))) do
    ids[i] = id or ''
  end
  read_some(ids, { JOBS }, function(i, _, record)
    zrem(HELD, fields[i])
    if not (record and carries(record, fields[i])) then hdel(POINTERS, fields[i]) end
  end)
end
