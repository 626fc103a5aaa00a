-- output
-- What handlers have logged: `output:{id}`, a list, the oldest line first, each behind its number among the
-- lines of the job, the bytes of all lines up to its end, the fence of its attempt and its number there. Those last
-- two tell a batch that comes twice. Only the newest lines are kept.
-- @include time, key
-- @include output-line
local MOST_LINES, MOST_LINE_BYTES, LINES_AT_ONCE = 1000, 65536, 50

-- Takes lines from the old end of the list away until the rest fits.
local function drop_oldest(key, length, bytes)
  local dropped = math.max(length - MOST_LINES, 0)
  local is_enough = false
  while not is_enough do
    local oldest = redis.call('LRANGE', key, dropped, dropped + LINES_AT_ONCE - 1)
    is_enough = #oldest == 0
    for _, entry in ipairs(oldest) do
      local _, up_to, _, _, line = line_parts(entry)
      is_enough = up_to ~= nil and bytes - up_to + #line <= MOST_LINE_BYTES
      if is_enough then break end
      dropped = dropped + 1
    end
  end
  if dropped > 0 then redis.call('LTRIM', key, dropped, -1) end
end

-- `first`: the number of the first of the lines in its attempt; lines before it may have been left out. Where a
-- stranger has put something else in its place the lines are lost, and nothing more.
local function write_lines_of(id, fence, first, lines)
  local key = prefix .. 'output:' .. id
  local newest = redis.pcall('LINDEX', key, -1)
  local number, bytes, newest_fence, newest_own = line_parts(type(newest) == 'string' and newest or '')
  number, bytes = number or 0, bytes or 0
  local known, entries = newest_fence == fence and newest_own or 0, {}
  for n, line in ipairs(lines) do
    local own = first + n - 1
    if own > known then
      number, bytes, known = number + own - known, bytes + #line, own
      entries[#entries + 1] = text(number) .. ' ' .. text(bytes) .. ' ' .. fence .. ':' .. text(own) .. ' ' .. line
    end
  end
  if not entries[1] then return end
  local length = redis.pcall('RPUSH', key, unpack(entries))
  if type(length) == 'number' then drop_oldest(key, length, bytes) end
end
