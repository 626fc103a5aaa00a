-- window-end
-- How a debounce window (see window) ends by itself: a trailing one with the run that follows it.
-- @include time
local TRAILING, OVERDUE = 0, 1

local function is_leading(facts)
  return facts.windowEnd > OVERDUE
end

-- A run begins, and with it a window that was open before is over.
local function close_window(facts, began_at)
  if facts.windowAt and not is_leading(facts) and began_at > facts.windowAt then facts.windowAt = nil end
end
