-- openings
-- When the next jobs of a name may step up from the lines of its keys (see lines): `lines:{name}` has the keys in
-- which anybody waits, each with a number that tells by which limits it was seen last how many may; and
-- `openings:{name}` those of which time lets one more step up, and when.
-- @include time, key, in-use, gate

-- The number of the limits per key that a name has now; 0 where it has none.
local numbers = {}
local function number_of(name)
  if not numbers[name] then
    local gate = gate_of(name)
    local limits, number = gate and gate.key, 0
    if limits then
      local rate = limits.rate or {}
      local said = table.concat({
        tostring(limits.concurrency), tostring(limits.order), tostring(rate.max), tostring(rate.perMs), tostring(rate.spread),
      }, ' ')
      number = tonumber(string.sub(redis.sha1hex(said), 1, 8), 16) + 1
    end
    numbers[name] = text(number)
  end
  return numbers[name]
end

-- Keys of a name that are to be looked at again, by time, or since its limits are others now: at most so many.
local function keys_that_open(name, most)
  local found, lines = {}, index('lines', name)
  if not in_use('lined') or redis.call('EXISTS', lines) == 0 then return found end
  local number = number_of(name)
  for _, range in ipairs({ { index('openings', name), '-inf', now_text }, { lines, '-inf', '(' .. number }, { lines, '(' .. number, '+inf' } }) do
    if #found < most then
      for _, key in ipairs(redis.call('ZRANGEBYSCORE', range[1], range[2], range[3], 'LIMIT', 0, most - #found)) do
        found[#found + 1] = key
      end
    end
  end
  return found
end

-- When the next job of a name is due that does not stand in `ready` yet, or may step up; nil when there is none.
local function next_due_of(name)
  local timed = tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
  if not in_use('lined') or redis.call('EXISTS', index('lines', name)) == 0 then return timed end
  if keys_that_open(name, 1)[1] then return math.min(timed or now, now) end
  local opening = tonumber(redis.call('ZRANGE', index('openings', name), 0, 0, 'WITHSCORES')[2])
  return timed and opening and math.min(timed, opening) or timed or opening
end
