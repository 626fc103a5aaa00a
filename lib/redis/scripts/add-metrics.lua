-- add-metrics
-- Adds rows of numbers to the metrics of names, a hash for each minute. A repeat of a writer's last batch adds
-- nothing. With memory full it is refused: metrics can wait.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  writer
-- ARGV[4]  number of the writer's batch
-- ARGV[5]  for how long the batch is known for its repeats, in ms
-- ARGV[6]  how many minutes metrics are kept
-- ARGV[7]  of how many numbers at the head of a row the greatest counts; of all others the sum
-- ARGV[8..]  for each row, 100 at most: minute, name, numbers with commas between them (nothing for 0)
--
-- Returns  { now }
-- @include time
-- @include key
local MINUTE_MS = 60000
local writer = prefix .. 'metrics:writer:' .. ARGV[3]
if tonumber(redis.call('GET', writer) or 0) >= tonumber(ARGV[4]) then return { now_text } end
redis.call('SET', writer, ARGV[4], 'PX', ARGV[5])

local function numbers_in(row)
  local numbers = {}
  for number in string.gmatch(row .. ',', '([^,]*),') do
    numbers[#numbers + 1] = tonumber(number) or 0
  end
  return numbers
end

local maxima = tonumber(ARGV[7])
local function sum_of(row, other)
  local numbers, parts = numbers_in(row), {}
  for i, number in ipairs(numbers_in(other)) do
    local before = numbers[i] or 0
    local value = i <= maxima and math.max(before, number) or before + number
    parts[i] = value == 0 and '' or text(value)
  end
  return table.concat(parts, ',')
end

local first_minute, kept_ms = math.floor(now / MINUTE_MS) - ARGV[6] + 1, (ARGV[6] + 1) * MINUTE_MS
for i = 8, #ARGV, 3 do
  local minute, name, row = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  if minute >= first_minute then
    local key = prefix .. 'metrics:' .. text(minute)
    local before = redis.call('HGET', key, name)
    redis.call('HSET', key, name, before and sum_of(before, row) or row)
    redis.call('PEXPIRE', key, kept_ms)
  end
end
return { now_text }
