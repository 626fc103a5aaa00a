-- gone
-- The ids of jobs that were removed so recently that their producer may still repeat the add: a
-- repeat must not bring them back.
-- @include time, key, record

-- Keeps the job's id, or its nonce, for a while. `record` may be false: then the id was made by us.
local GONE, gone_until = prefix .. 'gone', nil
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + keep_ms)
  local nonce = record and string.match(own_and_rest(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end

-- Drops remembered ids whose time is over, a bounded number; callers drop more than they add.
local function forget_gone(limit)
  local over = redis.call('ZCOUNT', GONE, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', GONE, 0, math.min(over, limit) - 1) end
end
