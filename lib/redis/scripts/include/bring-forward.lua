-- bring-forward
-- From when on a name is claimable, as `due` tells it: the first instant of all that are placed.
-- @include time, key

-- Of a name whose due jobs all keep their places (see take-ready) the due time is marked: it is half a ms
-- early. Hosts that may not have those sleep until something else is due, and hear of all that comes.
local function is_marked(due)
  return due % 1 > 0
end

-- A job of the name is due then. Tells whether that is news to who sleeps.
local function bring_forward(name, at)
  local before = tonumber(redis.call('ZSCORE', DUE, name))
  local is_earlier = not before or at < before
  if is_earlier then redis.call('ZADD', DUE, text(at), name) end
  return before and is_marked(before) or is_earlier and (not before or before > now)
end

local function in_order(names)
  local list = {}
  for name in pairs(names) do
    list[#list + 1] = name
  end
  if list[2] then table.sort(list) end
  return list
end
