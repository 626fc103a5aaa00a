-- give-up
-- A lease ends; what the job does next is the caller's to say.
-- @include key, writes, place

local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
  freed[name] = true
end
