-- write-log
-- Writes entries of the log, in order, and drops what its retention leaves over: at most 50 more than
-- it writes. Entries of jobs that are removed meanwhile are not written. A repeat of a
-- writer's last batch writes nothing.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  logSeq
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  writer
-- ARGV[4]  number of the writer's batch
-- ARGV[5]  'repeat' when the call may have been carried out before; else empty
-- ARGV[6]  for how long the batch is known for its repeats, in ms
-- ARGV[7]  how old an entry may get, in ms; empty for no limit
-- ARGV[8]  how many entries there may be
-- ARGV[9..]  for each entry, 100 at most: time, letters of level and event, job name, job id or empty, text
--
-- Returns  { now }
-- @include time
-- @include key
-- @include writes
-- @include log
local writer = prefix .. 'logs:writer:' .. ARGV[3]
local last = tonumber(redis.call('GET', writer) or 0)
if ARGV[5] == 'repeat' and last >= tonumber(ARGV[4]) then return { now_text } end
redis.call('SET', writer, ARGV[4], 'PX', ARGV[6])

local are_removed, some_removed = {}, redis.call('EXISTS', REMOVED) == 1
local function is_removed(id)
  if are_removed[id] == nil then
    are_removed[id] = redis.call('ZSCORE', REMOVED, id) and redis.call('HEXISTS', JOBS, id) == 0
  end
  return are_removed[id]
end

local count = (#ARGV - 8) / 5
local number = redis.call('HINCRBY', META, 'logSeq', count) - count
for i = 9, #ARGV, 5 do
  local at, name, job_id = ARGV[i], ARGV[i + 2], ARGV[i + 3]
  number = number + 1
  if job_id == '' or not some_removed or not is_removed(job_id) then
    local id = string.format('%012x', number)
    local member = id .. ARGV[i + 1]
    hset(LOGS, id, ARGV[i + 4])
    zadd(LOGS_ALL, at, member)
    zadd(index('logs:name', name), at, member)
    if job_id ~= '' then zadd(index('logs:job', job_id), at, member) end
  end
end
flush()

local over = redis.call('ZCARD', LOGS_ALL) - tonumber(ARGV[8])
if ARGV[7] ~= '' then
  over = math.max(over, redis.call('ZCOUNT', LOGS_ALL, '-inf', '(' .. text(now - tonumber(ARGV[7]))))
end
drops_left = count + 50
if over > 0 then
  drops_left = drops_left - drop_entries(LOGS_ALL, redis.call('ZRANGE', LOGS_ALL, 0, math.min(over, drops_left) - 1))
  flush()
end
drop_leaving()
flush()
return { now_text }
