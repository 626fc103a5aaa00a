-- judge-leads
-- Whether all that leads to a job does so: its tags, its keys, its expiry, and its retention. See REST and TAGS AND
-- EXPIRIES in keys.ts.
-- @include time, key, writes, record, examine
-- @include own
-- @include recurs
local POINTERS = prefix .. 'keys'

local function has(list, text_wanted)
  for _, item in ipairs(list) do
    if item == text_wanted then return true end
  end
  return false
end

local function judge_tags(job, own)
  for _, tag in ipairs(own.tags) do
    local key = prefix .. 'tag:' .. tag
    if tonumber(redis.call('ZSCORE', key, job.id)) ~= job.seq then
      found('broken-tag', job.id, tag, function() zadd(key, text(job.seq), job.id) end)
    end
  end
end

-- One that runs may be put off, and what ran when it was brought back is looked for when it waits.
local function judge_expiry(job, own)
  local score = tonumber(redis.call('ZSCORE', prefix .. 'expiring', job.id))
  local expires = has_flag(job.flags, FLAG.expires) and own.expires
  if expires and job.at and not job.entry then
    if score == expires then return end
    found('broken-expiry', job.id, 'is not looked for when it expires', function()
      zadd(prefix .. 'expiring', text(expires), job.id)
      redis.call('HSET', META, 'expiring', '1')
    end)
  elseif score and not (expires and job.entry) then
    found('broken-expiry', job.id, 'is looked for, and does not expire', function() zrem(prefix .. 'expiring', job.id) end)
  end
end

-- Whether nobody else holds a key.
local function is_free(field, holder_id)
  if not holder_id then return true end
  local record = redis.call('HGET', JOBS, holder_id)
  return not (record and has(own_facts(record).keys, field))
end

-- The claim of a debounced job leaves its key to the next one; what the end of a job frees is another's after that.
local function judge_keys(job, own)
  for _, field in ipairs(own.keys) do
    local holder_id = redis.call('HGET', POINTERS, field)
    if string.find(field, '^debounce\n') then
      -- Whether it leads here is no matter.
    elseif has(own.frees, field) then
      if holder_id == job.id and not job.at and not job.entry then
        found('broken-key', job.id, field, function()
          hdel(POINTERS, field)
          zrem(prefix .. 'held', field)
        end)
      end
    elseif holder_id ~= job.id then
      found('broken-key', job.id, field, is_free(field, holder_id) and function() hset(POINTERS, field, job.id) end or nil)
    end
  end
end

local function judge_retention(job, own)
  local retention, facts = own.overrides.retention, job.facts
  if job.entry or job.at or type(retention) ~= 'table' or not (facts.lastFinishedAt or facts.failedAt) then return end
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local kept_ms = retention[failed and 'failed' or 'completed']
  if type(kept_ms) ~= 'number' or recurs(job.record, job.flags) then return end
  if redis.call('ZSCORE', prefix .. 'leaving', job.id) then return end
  local goes_at = (failed and facts.failedAt or facts.lastFinishedAt) + math.ceil(kept_ms)
  found('broken-retention', job.id, 'would stay for ever', function() zadd(prefix .. 'leaving', text(goes_at), job.id) end)
end

local function judge_leads(job)
  local own = own_facts(job.record)
  judge_tags(job, own)
  judge_expiry(job, own)
  judge_keys(job, own)
  judge_retention(job, own)
end
