-- in-use
-- Which rare things this store has in use, as META says: read once a call, by a pass that comes first or
-- by who asks first.
-- @include key
local used

local function note_use(gated, paused, expiring, stream, lined, idle)
  used = { gated = gated, paused = paused, expiring = expiring, stream = stream, lined = lined, idle = idle }
end

-- What META says of it; false for nothing.
local function in_use(thing)
  if not used then note_use(unpack(redis.call('HMGET', META, 'gated', 'paused', 'expiring', 'stream', 'lined', 'idleUntil'))) end
  return used[thing]
end
