-- due
-- Which names have something to claim, and when the next one has. Costs no look at any job.
-- @include time, key

-- Which of the names asked for are due, in the order asked.
local function due_names(names)
  local found = redis.call('ZRANGEBYSCORE', DUE, '-inf', now_text, 'LIMIT', 0, 100)
  local due, list = {}, {}
  for _, name in ipairs(found) do
    due[name] = true
  end
  for _, name in ipairs(names) do
    local is_due = due[name]
    if not is_due and #found == 100 then
      is_due = tonumber(redis.call('ZSCORE', DUE, name) or 'inf') <= now
    end
    if is_due then list[#list + 1] = name end
  end
  return list
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
    local found = redis.call('ZRANGE', DUE, 0, 99, 'WITHSCORES')
    for i = 1, #found, 2 do
      if asked_for[found[i]] then
        first = tonumber(found[i + 1])
        break
      end
    end
    if not first and #found == 200 then
      for _, name in ipairs(names) do
        local at = tonumber(redis.call('ZSCORE', DUE, name))
        if at and (not first or at < first) then first = at end
      end
    end
  end
  return first and math.max(first - now, 0)
end
