-- gone
-- The ids of jobs that were removed so recently that their producer may still repeat the add: a
-- repeat must not bring them back. Kept for as long as the most patient process repeats its calls.
-- @include time, key, record
-- @include forget
local GONE, gone_until, patience = prefix .. 'gone', nil, nil

-- For how long: `keep_ms`, or longer where some process of this store has more patience.
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end

-- Keeps the job's id, or its nonce, for a while. `record` may be false: then the id was made by us.
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '^{"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end

local function forget_gone(limit)
  forget(GONE, limit)
end
