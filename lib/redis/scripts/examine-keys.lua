-- examine-keys
-- Looks whether keys are of the type that their names say, have a time to live only where they should, and belong to a
-- job that is there; and mends what can be, if that is asked for. A look writes nothing; the first write of a repair is
-- of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[5]  'look' | 'repair'; what stands before it is for those that tell news
-- ARGV[6..]  for each key, 100 at most: the key without the prefix, its type (empty for any), 'passes' | 'stays' (whether
--            it has a time to live), and the job that it belongs to, or empty
--
-- Returns  { now, how many were looked at, and for each finding: code, subject, detail, 'mended' | 'mendable' | 'left' }
-- @include time
-- @include key
-- @include writes
-- @include examine
local LONGEST_LIFE_MS, WIDTH = 86400000, 4
-- How each entry begins of a list that we have written.
local ENTRIES = { history = '^%["%l",%d+,', output = '^%d+ %d+ [^:]*:%d+ ' }

-- Somebody else may have a list under such a name.
local function is_ours(rest)
  local form, key = ENTRIES[string.match(rest, '^(%l+):')], prefix .. rest
  for _, place in ipairs({ 0, -1 }) do
    if not string.find(redis.call('LINDEX', key, place), form) then return false end
  end
  return true
end

local function judge_life(rest, passes)
  local key = prefix .. rest
  local ttl = redis.call('PTTL', key)
  if ttl >= 0 and not passes then
    found('mortal-key', rest, 'has a time to live', function() redis.call('PERSIST', key) end)
  elseif ttl == -1 and passes then
    found('lasting-key', rest, 'never goes', function() redis.call('PEXPIRE', key, text(LONGEST_LIFE_MS)) end)
  end
end

local function judge_key(rest, expected, passes, owner)
  local kind = redis.call('TYPE', prefix .. rest).ok
  if kind == 'none' then return end
  if expected ~= '' and kind ~= expected then
    found('wrong-type', rest, kind .. ' in place of ' .. expected)
    return
  end
  if owner ~= '' and redis.pcall('HEXISTS', JOBS, owner) == 0 then
    if not is_ours(rest) then
      found('unknown-key', rest, ', though its name looks so: its entries are of somebody else')
      return
    end
    found('remains', owner, rest, function() drop(prefix .. rest) end)
    return
  end
  judge_life(rest, passes)
end

for i = 6, #ARGV, WIDTH do
  judge_key(ARGV[i], ARGV[i + 1], ARGV[i + 2] == 'passes', ARGV[i + 3])
end
looked_at((#ARGV - 5) / WIDTH)
return reply
