-- examine-lines
-- Looks whether the lines of keys of names are whole: who keeps a key waits, who waits is counted, and somebody is
-- sure to call the next one; and mends what is not, if that is asked for. A look writes nothing; the first write of a
-- repair is of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta  lined
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'look' | 'repair'
-- ARGV[6..]  name and key … , 50 pairs at most
--
-- Returns  { now, how many were looked at, and for each finding: code, subject, detail, 'mended' | 'mendable' | 'left' }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include examine
local START_BYTES = 12

local function subject_of(line)
  return line.name .. ' ' .. line.key
end

-- Whether a job waits for its next attempt at this key.
local function waits_at(line, id)
  local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
  local asked_at, seq, _, flags = asked(record or '')
  if not seq or not is_lined(flags) or has_flag(flags, FLAG.disabled) then return false end
  if redis.call('HEXISTS', LEASE, id) == 1 or name_of(record) ~= line.name then return false end
  return lines().of_job(id, line.name, record) == line and planned(asked_at, happened(state)) ~= nil
end

-- One that runs alone is no reason to look at lines.
local function judge_use(line)
  if in_use('lined') or redis.call('EXISTS', line.line, line.heads) == 0 then return end
  found('forgotten-use', 'lined', line.name, function() lines().note_use() end)
end

local function judge_holder(line)
  local id = redis.call('GET', line.holder)
  if not id or waits_at(line, id) then return end
  found('broken-line', subject_of(line), 'is kept by ' .. id .. ', which does not wait', function()
    redis.call('DEL', line.holder)
    lines().touch(line)
  end)
end

-- Refilled, a line is listed as it should be, and knows when it opens.
local function judge_line(line)
  local waiting = redis.call('ZCARD', line.line)
  local is_listed = redis.call('ZSCORE', index('lines', line.name), line.key)
  local opens_at = redis.call('ZSCORE', index('openings', line.name), line.key)
  local function refill()
    line.is_left = true
    lines().touch(line)
  end
  if (waiting > 0) ~= (is_listed ~= false) or waiting == 0 and opens_at then
    found('broken-line', subject_of(line), waiting > 0 and 'is not listed' or 'is listed, and nobody waits', refill)
  elseif waiting > 0 and not opens_at and redis.call('EXISTS', line.holder, line.heads, line.runs) == 0 then
    local due = tonumber(redis.call('ZSCORE', DUE, line.name)) or math.huge
    if due > now then found('broken-line', subject_of(line), 'nobody calls the next one', refill) end
  end
end

local function judge_rate(line)
  local key = prefix .. 'rate:k' .. line.whole
  if #(redis.call('GET', key) or '') % START_BYTES == 0 then return end
  found('broken-rate', subject_of(line), 'its newest starts cannot be read', function() redis.call('DEL', key) end)
end

for i = 6, #ARGV, 2 do
  local line = lines().of_key(ARGV[i], ARGV[i + 1])
  judge_use(line)
  judge_rate(line)
  judge_holder(line)
  judge_line(line)
end
looked_at((#ARGV - 5) / 2)
flush()
advance()
return reply
