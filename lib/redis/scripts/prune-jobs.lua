-- prune-jobs
-- Removes ended jobs that have outstayed the retention of their name, or their own: one stretch of a pass
-- over all names, oldest first. A name's limits both mean the oldest of an index, so what goes is the
-- beginning of it, but for jobs that it must leave: recurring ones and those with a retention of their
-- own. Where these lie is told, so that the next pass begins behind them. At the end of a pass removed ids, saves and
-- idempotency keys whose time is over are forgotten, and names are told whose due jobs nobody runs. Its first write is of
-- a kind that Redis allows when its memory is full: pruning makes room.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  goneMs, logSeq
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  how long removed ids stay known, in ms
-- ARGV[4]  the most jobs to look at
-- ARGV[5]  the most names without a handler to tell
-- ARGV[6]  where to go on: 'begin'; 'names', cursor of the scan of settings, how many names of that step are done; or 'leaving'
-- ARGV[7..]  for each index with a beginning that stays: name, index, 'score member' of the last of it
--
-- Returns  { now, how many were removed, where to go on ('expired': before all else, with jobs that may have expired; 'logs':
--            with logs that are not dropped whole) or empty at the end of the pass, list of names without a handler, and for each index whose beginning stays since this call: name, index, 'score member' }
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include remove
-- @include gone
-- @include read
-- @include prune
-- @include held
-- @include unhandled
-- @include in-use
if ARGV[6] == 'begin' and in_use('expiring') then return { now_text, '0', 'expired', {} } end
redis.call('PERSIST', META)
local ENDS, NAMES_LOOKED_AT, SCAN_STEP = { completed = 'completed', dead = 'failed' }, 64, 16
local LEAVING_AT = prefix .. 'leaving'
local removed, left, names_left, reply = 0, affordable(tonumber(ARGV[4])), NAMES_LOOKED_AT, { now_text }

local known = {}
for i = 7, #ARGV, 3 do
  known[index(ARGV[i + 1], ARGV[i])] = ARGV[i + 2]
end

local function retention_of(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  local retention = ok and type(decoded) == 'table' and decoded.retention
  return type(retention) == 'table' and retention or {}
end

-- What a job says itself of how long it is kept: milliseconds, false for ever, nil for nothing.
local function own_limit(record, flags, end_name)
  if not flags or not has_flag(flags, FLAG.ends_its_own_way) then return nil end
  local retention = own_facts(record).overrides.retention
  local limit = type(retention) == 'table' and retention[end_name]
  if limit == cjson.null then return false end
  return tonumber(limit)
end

-- How many at the old end of an index break a rule.
local function outstaying(name, place_name, rule)
  local age_ms, count = tonumber(rule.ageMs), tonumber(rule.count)
  local too_old = age_ms and older_than(name, place_name, age_ms) or 0
  local too_many = count and redis.call('ZCARD', index(place_name, name)) - count or 0
  return math.max(too_old, too_many)
end

-- How many at the old end of an index are known to stay. Where the last of them has moved, those of its
-- instant are looked at again.
local function staying(key)
  if not known[key] then return 0 end
  local score, member = string.match(known[key], '^(%S+) (.*)$')
  if redis.call('ZSCORE', key, member) == score then return redis.call('ZRANK', key, member) + 1 end
  return redis.call('ZCOUNT', key, '-inf', '(' .. score)
end

-- True when this index is done.
local function prune_index(name, place_name, end_name, rule)
  local past = outstaying(name, place_name, rule)
  if past <= 0 then return true end
  local key = index(place_name, name)
  local first = staying(key)
  if first >= past then return true end
  if left <= 0 or bytes_read >= READ_BYTES then return false end
  local looked, _, last_kept, gone = sweep(name, place_name, first, math.min(past - first, left), function(record, flags)
    return own_limit(record, flags, end_name) ~= nil
  end, 'retention')
  left, removed = left - looked, removed + #gone
  if last_kept then
    reply[#reply + 1], reply[#reply + 2] = name, place_name
    reply[#reply + 1] = redis.call('ZSCORE', key, last_kept) .. ' ' .. last_kept
  end
  return first + looked >= past
end

local function prune_name(name, settings)
  local retention = retention_of(settings)
  for place_name, end_name in pairs(ENDS) do
    local rule = retention[end_name]
    if type(rule) == 'table' and not prune_index(name, place_name, end_name, rule) then return false end
  end
  return true
end

-- Where to go on; nil when all names are done.
local function prune_names(cursor, done)
  repeat
    local step = redis.call('HSCAN', prefix .. 'settings', cursor, 'COUNT', SCAN_STEP)
    local entries = step[2]
    for i = 2 * done + 1, #entries, 2 do
      if names_left == 0 or not prune_name(entries[i], entries[i + 1]) then
        return 'names ' .. cursor .. ' ' .. text((i - 1) / 2)
      end
      names_left = names_left - 1
    end
    cursor, done = step[1], 0
  until cursor == '0'
end

-- Where an ended job stands, and since when.
local function standing(id, name)
  for place_name in pairs(ENDS) do
    local since = redis.call('ZSCORE', index(place_name, name), id)
    if since then return place_name, tonumber(since) end
  end
end

-- A job that was brought back since, or whose end is another by now, does not leave yet.
local function let_go(id, record, state)
  local name, flags = record and name_of(record), record and flags_of(record)
  local place_name, since
  if name then place_name, since = standing(id, name) end
  local limit = place_name and may_go(record, state, flags) and own_limit(record, flags, ENDS[place_name])
  if not limit then
    zrem(LEAVING_AT, id)
  elseif since + limit > now then
    zadd(LEAVING_AT, text(since + limit), id)
  else
    remove_ended(id, name, place_name, record, state, flags, 'retention')
    removed = removed + 1
  end
end

-- True when all have gone whose time has come.
local function prune_leaving()
  local ids = redis.call('ZRANGEBYSCORE', LEAVING_AT, '-inf', now_text, 'LIMIT', 0, left + 1)
  if #ids == 0 then return true end
  if left <= 0 or bytes_read >= READ_BYTES then return false end
  local looked = read_some({ unpack(ids, 1, math.min(#ids, left)) }, { JOBS, STATE }, function(_, id, record, state)
    let_go(id, record, state)
  end)
  left = left - looked
  return looked == #ids
end

local stage, cursor, done = string.match(ARGV[6], '^(%l+) ?(%d*) ?(%d*)$')
local go_on = stage == 'begin' and prune_names('0', 0) or stage == 'names' and prune_names(cursor, tonumber(done)) or nil
if not go_on and not prune_leaving() then go_on = 'leaving' end
flush()
tell_all()
if in_use('stream') then event_stream().drop_old(32) end
forget_as_many(removed)
local unhandled = {}
if not go_on then
  forget_gone(1000)
  forget(prefix .. 'saved', 1000)
  forget_held(tonumber(ARGV[4]))
  flush()
  unhandled = unhandled_names(tonumber(ARGV[5]))
  if redis.call('EXISTS', prefix .. 'logs:leaving') == 1 then go_on = 'logs' end
end
table.insert(reply, 2, text(removed))
table.insert(reply, 3, go_on or '')
table.insert(reply, 4, unhandled)
return reply
