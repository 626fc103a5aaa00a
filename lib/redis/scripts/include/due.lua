-- due
-- Which names have something to claim, and when the next one has. Costs no look at any job.
-- @include time, key

-- So many entries of `due` are read at once; where there are more, those of the names asked for are read one by one.
local MOST_READ = 100

local function may_have_more(found)
  return #found == 2 * MOST_READ
end

-- Which of the names asked for are due, in the order asked, and since when each is.
local function due_names(names)
  local found = redis.call('ZRANGEBYSCORE', DUE, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, MOST_READ)
  local since, list = {}, {}
  for i = 1, #found, 2 do
    since[found[i]] = tonumber(found[i + 1])
  end
  for _, name in ipairs(names) do
    if not since[name] and may_have_more(found) then
      local at = tonumber(redis.call('ZSCORE', DUE, name) or 'inf')
      if at <= now then since[name] = at end
    end
    if since[name] then list[#list + 1] = name end
  end
  return list, since
end

-- When the next job of a name is due that does not stand in its line yet; nil when there is none.
local function next_timed(name)
  return tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
end

-- Milliseconds until the first of the names is due; nil when none is planned.
local function due_in(names)
  local first
  if #names <= 5 then
    for _, name in ipairs(names) do
      local at = tonumber(redis.call('ZSCORE', DUE, name))
      if at and (not first or at < first) then first = at end
    end
  else
    local asked_for = {}
    for _, name in ipairs(names) do
      asked_for[name] = true
    end
    local found = redis.call('ZRANGE', DUE, 0, MOST_READ - 1, 'WITHSCORES')
    for i = 1, #found, 2 do
      if asked_for[found[i]] then
        first = tonumber(found[i + 1])
        break
      end
    end
    if not first and may_have_more(found) then
      for _, name in ipairs(names) do
        local at = tonumber(redis.call('ZSCORE', DUE, name))
        if at and (not first or at < first) then first = at end
      end
    end
  end
  return first and math.max(first - now, 0)
end
