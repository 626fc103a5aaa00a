-- log
-- The log of job events. An entry is text in the hash `logs` (id → ["job name","job id",…); in three
-- indexes, of all, of its name and of its job, it stands by its time as id and two letters, for its
-- level and its event. The log of a job that is removed goes with it, a bounded number of entries at
-- once: what is left over is noted in `logs:leaving`. `logs:removed` keeps the ids for a while, since
-- the last entries of a job may come after its end.
-- @include time, key, writes
-- @include read
-- @include log-keys
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100

-- Whose an entry is: job name, job id; nil where it is damaged or says nothing.
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\', 1, true) or string.find(job_id, '\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end

-- Drops entries, given as they stand in an index, until they make about 1 MiB. Returns how many.
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end

-- Drops the log of a job that is gone, as far as this call may.
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end

-- Goes on with the logs that earlier calls could not drop whole.
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end

local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
