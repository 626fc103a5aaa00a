-- rate
-- Who starts how often. Of each name or key with a rate the newest starts are kept: pairs of an instant and
-- how many have started then, oldest first. They are kept as instants rounded up and looked at by the clock
-- rounded down, so that the promise holds for real time, and not only for whole ms.
-- Expects of `whose`: 'n' and a name, or 'k' and a key (see GATES in keys.ts).
-- @include time, key
local START, START_BYTES, EXACT_UP_TO, KEPT_MS = '>dI4', 12, 100, 60000
local starts_by = {}

-- Where the clock stepped back none lies ahead: they stay in order.
local function starts_of(whose)
  local starts = starts_by[whose]
  if not starts then
    starts = {}
    local stored = redis.call('GET', prefix .. 'rate:' .. whose) or ''
    for from = 1, #stored, START_BYTES do
      local at, count = struct.unpack(START, stored, from)
      starts[#starts + 1] = { at = math.min(at, soon), count = count }
    end
    starts_by[whose] = starts
  end
  return starts
end

-- How many may start now; if none may, from when on the next one may.
local function permitted(whose, rate)
  local starts, left = starts_of(whose), rate.max
  if rate.spread then
    local last = starts[#starts]
    local from = last and math.ceil(last.at + rate.perMs / rate.max) or now
    return from <= now and 1 or 0, from
  end
  for i = #starts, 1, -1 do
    local until_then = math.ceil(starts[i].at + rate.perMs)
    if until_then <= now then break end
    left = left - starts[i].count
    if left <= 0 then return 0, until_then end
  end
  return left, now
end

-- Starts so close together are kept as one, which has the later instant: of a high rate one in a hundred may
-- be lost by that, and what is kept stays small.
local function are_close(one, other, rate)
  local width = rate.max > EXACT_UP_TO and math.max(rate.perMs / EXACT_UP_TO, 1) or 1
  return math.floor(one / width) == math.floor(other / width)
end

local function note_starts(whose, rate, count)
  if count == 0 then return end
  local kept, stored = {}, {}
  for _, start in ipairs(starts_of(whose)) do
    if not rate.spread and start.at + rate.perMs > now then kept[#kept + 1] = start end
  end
  local last = kept[#kept]
  if last and are_close(last.at, soon, rate) then
    last.at, last.count = soon, last.count + count
  else
    kept[#kept + 1] = { at = soon, count = count }
  end
  for i, start in ipairs(kept) do
    stored[i] = struct.pack(START, start.at, start.count)
  end
  starts_by[whose] = kept
  redis.call('SET', prefix .. 'rate:' .. whose, table.concat(stored), 'PX', text(math.ceil(rate.perMs) + KEPT_MS))
end
