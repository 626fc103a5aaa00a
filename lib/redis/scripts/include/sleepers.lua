-- sleepers
-- The hosts that stand by (see WAKE-UPS in keys.ts), and how they are woken. A host that is woken stands by no
-- longer, until its next claim says so again; so the next piece of news wakes others.
-- @include time, key, news
local MOST_WOKEN, MOST_GROUPS = 2, 50

local function idle_of(group)
  return prefix .. 'idle:' .. group
end

local function watch_of(group)
  return prefix .. 'watch:' .. group
end

-- The groups that wake for a name, those that registered last first.
local function groups_of(name)
  return redis.call('ZREVRANGEBYSCORE', prefix .. 'wakes:' .. name, '+inf', '(' .. now_text, 'LIMIT', 0, MOST_GROUPS)
end

-- Takes hosts of a group that stand by, at most so many, those of which the time ends first.
local function take_idle(group, most)
  local key, hosts, met_gone = idle_of(group), {}, nil
  repeat
    met_gone = false
    local found = redis.call('ZPOPMIN', key, most - #hosts)
    for i = 1, #found, 2 do
      if tonumber(found[i + 1]) > now then hosts[#hosts + 1] = found[i] else met_gone = true end
    end
    if met_gone then redis.call('ZREMRANGEBYSCORE', key, '-inf', now_text) end
  until not met_gone or #hosts == most
  return hosts
end

-- Two hosts in all that stand by for the names, which are due, are to come at once.
local function wake(names, at, about)
  local left = MOST_WOKEN
  for _, name in ipairs(names) do
    for _, group in ipairs(groups_of(name)) do
      for _, host in ipairs(take_idle(group, left)) do
        publish(':host:' .. host, name, at, about or '')
        left = left - 1
      end
      if left == 0 then return end
    end
  end
end

-- The hosts that watch for a group.
local function watchers_of(group)
  local hosts = {}
  for _, host in ipairs(redis.call('ZRANGEBYSCORE', watch_of(group), '(' .. now_text, '+inf')) do
    if host ~= '' then hosts[#hosts + 1] = host end
  end
  return hosts
end

-- Where nobody watches for a group, one who stands by comes, and takes the watch.
local function wake_a_watcher(group)
  local host = take_idle(group, 1)[1]
  if host then publish(':host:' .. host, '', now, '') end
end

local function hand_on(group)
  if not watchers_of(group)[1] then wake_a_watcher(group) end
end

-- Those that watch learn of an instant ahead; `knows`: a host that knows it already.
local function tell_watchers(name, at, about, knows)
  for _, group in ipairs(groups_of(name)) do
    local hosts = watchers_of(group)
    for _, host in ipairs(hosts) do
      if host ~= knows then publish(':host:' .. host, name, at, about) end
    end
    if not hosts[1] then wake_a_watcher(group) end
  end
end
