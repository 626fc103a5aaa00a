-- due
-- Which names have something to claim, and when the next one has. Costs no look at any job.
-- @include time, key
-- @include gate

-- So many entries of `due` are read at once; where there are more, those of the names asked for are read one by one.
local MOST_READ = 100

local function may_have_more(found)
  return #found == 2 * MOST_READ
end

-- When a name is due; nil when it has nothing that waits, or is closed.
local function due_of(name)
  local due = redis.call('ZSCORE', DUE, name)
  return due ~= '-inf' and tonumber(due) or nil
end

-- Which of the names asked for are due, in the order asked, and since when each is.
local function due_names(names)
  if in_use('paused') then return {}, {} end
  local found = redis.call('ZRANGEBYSCORE', DUE, '(-inf', now_text, 'WITHSCORES', 'LIMIT', 0, MOST_READ)
  local since, list = {}, {}
  for i = 1, #found, 2 do
    since[found[i]] = tonumber(found[i + 1])
  end
  for _, name in ipairs(names) do
    if not since[name] and may_have_more(found) then
      local at = due_of(name)
      if at and at <= now then since[name] = at end
    end
    if since[name] then list[#list + 1] = name end
  end
  return list, since
end

-- Milliseconds until the first of the names is due; nil when none is planned.
local function due_in(names)
  local first
  if #names <= 5 then
    for _, name in ipairs(names) do
      local at = due_of(name)
      if at and (not first or at < first) then first = at end
    end
  else
    local asked_for = {}
    for _, name in ipairs(names) do
      asked_for[name] = true
    end
    local found = redis.call('ZRANGEBYSCORE', DUE, '(-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, MOST_READ)
    for i = 1, #found, 2 do
      if asked_for[found[i]] then
        first = tonumber(found[i + 1])
        break
      end
    end
    if not first and may_have_more(found) then
      for _, name in ipairs(names) do
        local at = due_of(name)
        if at and (not first or at < first) then first = at end
      end
    end
  end
  return first and math.max(first - now, 0)
end
