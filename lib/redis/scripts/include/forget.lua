-- forget
-- Drops from a sorted set what it need not remember any longer, a bounded number; callers drop more than they add.
-- @include time
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
