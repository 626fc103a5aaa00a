-- judge-place
-- Whether a job stands in exactly one place, the one that its record tells, and in no other index: see PLACES and
-- KEYS OF JOBS in keys.ts.
-- @include time, key, order, writes, record, place, examine
local LISTED = { 'running', 'completed', 'dead', 'parked', 'lined', 'repeating', 'retrying', 'disabled' }
-- A clock may have been set back, or be that of another server by now.
local MOST_EARLY_MS = 60000
local has_members = {}

-- In which of the indexes that list ids a job stands, with which score.
local function standing(id, name)
  local stands = {}
  for _, place_name in ipairs(LISTED) do
    local key = index(place_name, name)
    if has_members[key] == nil then has_members[key] = redis.call('EXISTS', key) == 1 end
    if has_members[key] then stands[place_name] = tonumber(redis.call('ZSCORE', key, id)) end
  end
  return stands
end

local function has_score(key, member, score)
  return tonumber(redis.call('ZSCORE', key, member)) == score
end

-- What is known of a job at its key: how it stands there, and whether that is whole. Nil for one without a key.
local function at_key(job)
  local line = is_lined(job.flags) and lines().of_job(job.id, job.name, job.record)
  if not line then return end
  local one = lines().spot(job.id, job.record, job.state)
  local turn, own_at = lines().turn_of(job.id)
  local in_heads = redis.call('ZSCORE', line.heads, one.member)
  local in_line = redis.call('ZSCORE', line.line, one.member)
  local stands, is_whole = nil, true
  if turn or in_heads then
    local score, member = lines().by_turn(one, turn or one.at)
    is_whole = turn and in_heads and own_at == job.at and has_score(index('ready', job.name), member, tonumber(score))
    stands = is_whole and 'ready' or nil
  end
  if in_line or job.stands.lined then
    is_whole = is_whole and not stands and in_line and job.stands.lined == job.at
    stands = is_whole and 'lined' or nil
  end
  return { line = line, one = one, turn = turn, stands = stands, is_whole = is_whole and true or false }
end

-- Where a job stands of which a time is planned; nil for nowhere, or for two places at once.
local function place_of_waiting(job)
  local ready, timed = index('ready', job.name), index('timed', job.name)
  local is_first, key = goes_first(job.flags), job.key
  local place_name = key and key.stands
  if not (key and key.turn) then
    local member = ready_member(job.at, job.seq, job.priority, job.id, is_first)
    if has_score(ready, member, ready_score(job.at, job.priority, is_first)) then
      if place_name then return end
      place_name = 'ready'
    end
  end
  if has_score(timed, timed_member(job.seq, job.priority, job.id, is_first), job.at) then
    if place_name then return end
    return 'timed'
  end
  if place_name and job.at <= now + MOST_EARLY_MS then return place_name end
end

-- Where a job that nobody runs stands as it should; nil when it does not.
local function home_of(job)
  if not job.at then
    local failed = job.facts.failedAt and job.facts.failedAt >= (job.facts.lastFinishedAt or 0)
    local among, since = failed and 'dead' or 'completed', failed and job.facts.failedAt or job.facts.lastFinishedAt
    return job.stands[among] and (not since or job.stands[among] == since) and among or nil
  end
  if has_flag(job.flags, FLAG.disabled) then return job.stands.parked == job.at and 'parked' or nil end
  if job.key and not job.key.is_whole then return nil end
  return place_of_waiting(job)
end

-- Takes a job off its key, of which it may be known in part. At once, since what concerns keys is written at once.
local function leave_key(job)
  local key, ready = job.key, index('ready', job.name)
  if not key then return end
  if key.turn then
    local _, member = lines().by_turn(key.one, key.turn)
    redis.call('ZREM', ready, member)
  end
  redis.call('ZREM', ready, key.one.member)
  lines().give_up_turn(key.line, key.one)
  lines().leave_line(key.line, key.one)
  lines().touch(key.line)
end

local function leave_all_places(job)
  for _, place_name in ipairs(LISTED) do
    if place_name ~= 'disabled' then redis.call('ZREM', index(place_name, job.name), job.id) end
  end
  if job.at then
    local is_first = goes_first(job.flags)
    redis.call('ZREM', index('ready', job.name), ready_member(job.at, job.seq, job.priority, job.id, is_first))
    redis.call('ZREM', index('timed', job.name), timed_member(job.seq, job.priority, job.id, is_first))
  end
  leave_key(job)
end

-- Which of the indexes that list ids a job should be in; `home`: its place.
local function listed_for(job, home)
  local listed, waits = {}, not job.entry and job.at
  if home then listed[home] = true end
  local class = waits and secondary(job.facts, job.flags)
  if class then listed[class] = true end
  if has_flag(job.flags, FLAG.disabled) then listed.disabled = true end
  return listed
end

local function judge_lists(job, home)
  local listed, is_mended = listed_for(job, home), false
  for _, place_name in ipairs(LISTED) do
    local key, score = index(place_name, job.name), job.stands[place_name]
    local is_class = place_name == 'repeating' or place_name == 'retrying' or place_name == 'disabled'
    local right = place_name == 'disabled' and 0 or job.at
    if score and not listed[place_name] then
      is_mended = found(is_class and 'miscounted' or 'misplaced', job.id, 'stands in ' .. place_name .. ' as well', function()
        zrem(key, job.id)
      end) or is_mended
    elseif is_class and listed[place_name] and score ~= right then
      is_mended = found('miscounted', job.id, 'is not counted in ' .. place_name, function()
        zadd(key, text(right), job.id)
      end) or is_mended
    end
  end
  has_members = is_mended and {} or has_members
  return is_mended
end

-- A job that nobody runs gets the one place that it belongs in.
local function judge_home(job, home)
  if home then return false end
  has_members = {}
  return found('misplaced', job.id, 'stands in no place that fits its record, or in two', function()
    leave_all_places(job)
    put_down(job.id, job.name, job.at, job.seq, job.priority, job.flags, job.facts, job.record)
  end)
end

-- What its key knows of a job that runs, that is disabled, or that has ended.
local function judge_key(job)
  local key = job.key
  if not key then return false end
  local runs = redis.call('SISMEMBER', key.line.runs, job.id) == 1
  if runs ~= (job.entry and true or false) then
    return found('broken-line', job.id, runs and 'its key takes it for running' or 'runs, and its key does not know', function()
      redis.call(runs and 'SREM' or 'SADD', key.line.runs, job.id)
      lines().touch(key.line)
    end)
  end
  local waits = not job.entry and job.at and not has_flag(job.flags, FLAG.disabled)
  if waits then
    if in_use('lined') then return false end
    return found('forgotten-use', 'lined', job.id, function() lines().note_use() end)
  end
  if key.is_whole and not key.stands then return false end
  return found('broken-line', job.id, 'stands for its key, and does not wait', function() leave_key(job) end)
end
