-- writes
-- Gathers the writes of a batch and carries them out with one command per key. Removals go
-- first, so a member that leaves and enters the same index is there afterwards.
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}

local function gather(table_, key)
  local list = table_[key]
  if not list then
    list = {}
    table_[key] = list
  end
  return list
end

local function zrem(key, member)
  local list = gather(removed, key)
  list[#list + 1] = member
end

local function zadd(key, score, member)
  local list = gather(added, key)
  list[#list + 1] = score
  list[#list + 1] = member
end

local function hdel(key, field)
  local list = gather(deleted, key)
  list[#list + 1] = field
end

local function hset(key, field, value)
  local list = gather(set, key)
  list[#list + 1] = field
  list[#list + 1] = value
end

-- A whole key.
local function drop(key)
  dropped[#dropped + 1] = key
end

-- A write of another kind, as a function.
local function at_flush(write)
  others[#others + 1] = write
end

local function carry_out(command, batch)
  for key, list in pairs(batch) do
    redis.call(command, key, unpack(list))
  end
end

local function flush()
  carry_out('ZREM', removed)
  carry_out('ZADD', added)
  carry_out('HDEL', deleted)
  carry_out('HSET', set)
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
