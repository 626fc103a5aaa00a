-- examine-store
-- Looks whether what a partition knows of itself agrees with its keys, and mends what does not, if that is asked for. A
-- look writes nothing; the first write of a repair is of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta  gated, expiring, told, logSeq, stream, eventSeq, eventsDropped
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[5]  'look' | 'repair'; what stands before it is for those that tell news
--
-- Returns  { now, '0', and for each finding: code, subject, detail, 'mended' | 'mendable' | 'left' }
-- @include time
-- @include key
-- @include writes
-- @include examine
-- @include log-keys
local function is_noted(field)
  return redis.call('HEXISTS', META, field) == 1
end

-- Scripts look at what is rare only where META says that there is any.
local function judge_use(field, key)
  if redis.call('EXISTS', prefix .. key) == 0 or is_noted(field) then return end
  found('forgotten-use', field, key, function() redis.call('HSET', META, field, '1') end)
end

local function judge_gates()
  judge_use('gated', 'gates')
  if not is_noted('gated') or redis.call('EXISTS', prefix .. 'gates') == 1 then return end
  found('forgotten-use', 'gated', 'no gates', function() redis.call('HDEL', META, 'gated') end)
end

local function judge_log()
  local newest = redis.call('ZREVRANGE', LOGS_ALL, 0, 0)[1]
  local number = newest and string.find(newest, LOG_ENTRY) and tonumber(string.sub(newest, 1, 12), 16)
  if number and number > (tonumber(redis.call('HGET', META, 'logSeq')) or 0) then
    found('counter-behind', 'logSeq', text(number), function() redis.call('HSET', META, 'logSeq', text(number)) end)
  end
  local entries, known = redis.call('HLEN', LOGS), redis.call('ZCARD', LOGS_ALL)
  if entries > known then found('broken-log', 'logs', text(entries - known) .. ' entries stand in no index') end
end

local function end_of(command, from, to)
  return redis.call(command, prefix .. 'events', from, to, 'COUNT', 1)[1]
end

-- Somebody else may have a stream under this name.
local function is_ours(entry)
  local parts = entry[2]
  return parts[1] == 'n' and tonumber(parts[2]) and parts[5] == 'e'
end

-- The numbers of the first and the last event that are there.
local function numbers_of(first, last)
  local ok, events = pcall(cjson.decode, last[2][6])
  return tonumber(first[2][2]), tonumber(last[2][2]) + (ok and type(events) == 'table' and #events or 1) - 1
end

local function judge_events()
  local stream = prefix .. 'events'
  local numbers = redis.call('HMGET', META, 'stream', 'eventSeq', 'eventsDropped')
  local newest, dropped = tonumber(numbers[2]) or 0, tonumber(numbers[3]) or 0
  local oldest, latest = end_of('XRANGE', '-', '+'), end_of('XREVRANGE', '+', '-')
  if oldest and not (is_ours(oldest) and is_ours(latest)) then
    found('broken-events', 'events', 'has entries of somebody else')
    return
  end
  if not numbers[1] and redis.call('EXISTS', stream) == 1 then
    found('broken-events', 'events', 'is kept by nobody', function() redis.call('UNLINK', stream) end)
    return
  end
  local first, last
  if oldest then first, last = numbers_of(oldest, latest) end
  if last and last > newest then
    found('counter-behind', 'eventSeq', text(last), function() redis.call('HSET', META, 'eventSeq', text(last)) end)
  end
  -- Readers are to see that they have missed something.
  local gone = first and first - 1 or numbers[1] and newest
  if gone and gone ~= dropped then
    found('broken-events', 'eventsDropped', text(dropped) .. ' in place of ' .. text(gone), function()
      redis.call('HSET', META, 'eventsDropped', text(gone))
    end)
  end
end

judge_gates()
judge_use('expiring', 'expiring')
judge_use('told', 'progress')
judge_log()
judge_events()
return reply
