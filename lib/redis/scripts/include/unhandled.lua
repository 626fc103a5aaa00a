-- unhandled
-- Names with due jobs, of which no process has ever registered a handler. They are never claimed, so what
-- is due for the longest is where to look.
-- @include time, key
local DUE_NAMES_LOOKED_AT = 100

-- The due time of a name may be too early: its job may have been removed or disabled since.
local function has_due_jobs(name)
  if redis.call('EXISTS', index('ready', name), index('lined', name)) > 0 then return true end
  local at = tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
  return at ~= nil and at <= now
end

local function unhandled_names(limit)
  local names = {}
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', DUE, '(-inf', now_text, 'LIMIT', 0, DUE_NAMES_LOOKED_AT)) do
    if #names == limit then break end
    local is_known = redis.call('HEXISTS', prefix .. 'settings', name) == 1
    if not is_known and has_due_jobs(name) then names[#names + 1] = name end
  end
  return names
end
