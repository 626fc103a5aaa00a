-- pass
-- Notes that a living host passed by. After a gap of more than a lease the store, not the hosts, was
-- away: rescuing is then held off for one lease, so that the living can renew first.
-- @include time, key
local function pass(lease_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  if last and now - last > lease_ms then
    held = soon + lease_ms
    redis.call('HSET', META, 'heldUntil', text(held))
  end
  return held, fence
end
