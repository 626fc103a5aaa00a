-- scan-jobs
-- Goes on through all jobs, in no order and in steps that never hold Redis up: who is there while a
-- whole scan goes on is met at least once, however often it changes its state. Looks at 500 jobs, or at
-- about 1 MiB of their records, and answers ids alone.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  where to go on; 0 to begin
-- ARGV[4]  how many ids to look for; a few more may come
-- ARGV[5..]  the names that are meant; none for all
--
-- Returns  { now, where to go on ('0' when the scan is over), ids … }
-- @include time
-- @include key
-- @include record
-- @include read
local MOST_LOOKED, MOST_STEPS = 500, 100
local wanted, every_name = tonumber(ARGV[4]), #ARGV < 5
local reply, looked, bytes, step = { now_text, ARGV[3] }, 0, 0, FIRST_STEP
local names = {}
for i = 5, #ARGV do
  names[ARGV[i]] = true
end

for _ = 1, MOST_STEPS do
  local cursor, fields = unpack(redis.call('HSCAN', JOBS, reply[2], 'COUNT', step))
  reply[2] = cursor
  for i = 1, #fields, 2 do
    looked, bytes = looked + 1, bytes + #fields[i + 1]
    if every_name or names[name_of(fields[i + 1])] then reply[#reply + 1] = fields[i] end
  end
  local missing = wanted - (#reply - 2)
  if cursor == '0' or missing <= 0 or looked >= MOST_LOOKED or bytes >= READ_BYTES then break end
  step = math.max(math.min(math.floor((READ_BYTES - bytes) * looked / math.max(bytes, 1)), LARGEST_STEP, missing), 1)
end
return reply
