-- last-start
-- A job on its last start has been rescued as often as its name allows: if this run loses its process,
-- it is buried. Of a name that allows no rescue every start is the last, and none is meant.
-- @include key
-- @include max-rescues

-- The seventh number of a state. One that is shorter has none, and was never rescued.
local RESCUE_COUNT = '^%[' .. string.rep('[^,]*,', 6) .. '(%d+)'

local function is_last_start(name, state, rescues_otherwise)
  local count = state and tonumber(string.match(state, RESCUE_COUNT) or 0)
  if not count or count == 0 then return false end
  local most = rescues_allowed(name, rescues_otherwise)
  return most >= 1 and count >= most
end
