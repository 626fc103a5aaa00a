-- order
-- The order of claims. In `ready` the first key of it is the score, the second one the head of the
-- member in fixed width; behind it stand the insertion number and the id. A job that goes first has a time
-- before all times, and its insertion number stands before all others, the newest of them in front.
-- Expects ARGV[2]: two letters for the two keys, t (time) or p (priority), a capital for descending,
-- - for none; then the time.
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)

-- Less than every time, and than every time turned over.
local FRONT = -9007199254740991

local function ready_score(at, priority, is_first)
  if FIRST == 'P' then return -priority end
  if is_first and FIRST ~= 'p' then return FRONT end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end

-- Times are counted from the year 1083, so that they are never negative, and fit into 48 bits up to the year 9999.
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}

-- A priority as 16 hex digits that sort as it does: the bits of a double, of negative ones all turned
-- over, of others the sign (IEEE 754 orders doubles like that); for a falling order all once more.
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  -- Of a negative number the sign was turned with the rest; of another it still has to be.
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end

-- In front of the digits stands what sorts before them all.
local FRONT_TIME, LAST_SEQ = string.rep('-', TIME_WIDTH), 17592186044415

local function second_key(at, priority, is_first)
  if is_first and (SECOND == 't' or SECOND == 'T') then return FRONT_TIME end
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end

local function ready_member(at, seq, priority, id, is_first)
  local place_in_line = is_first and string.format('-%011x', LAST_SEQ - seq) or string.format('%012x', seq)
  return second_key(at, priority, is_first) .. place_in_line .. id
end

-- A member of `timed`, of which the time is the score.
local function timed_member(seq, priority, id, is_first)
  local mark = is_first and '^' or ''
  return string.format('%012x', seq) .. mark .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end

-- Where the id begins in a member of `ready`.
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)

-- As Redis orders members: by bytes. Lua's own comparison goes by the language of the server's machine.
local function is_behind(member, other)
  for i = 1, math.min(#member, #other) do
    local a, b = string.byte(member, i), string.byte(other, i)
    if a ~= b then return a > b end
  end
  return #member > #other
end
