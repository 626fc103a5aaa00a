-- time
-- The backend's clock. `now` is rounded down, for comparing; `soon` is rounded up, for
-- instants that are made from it; `micros` feeds the fences.
-- Expects ARGV[2]: two letters (see order), then time in ms, given by tests; no time for the server's clock.
local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end

-- Whole numbers as text. Lua's own way turns 15 digits and more into an exponent.
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)

-- An instant as it was told, or '+ms': from the next whole ms, so that a delay never ends early; '+0' is now.
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
