-- last-claim
-- The claim before this one on its track, as it was remembered: handed out once more, or taken back.
-- Expects `claim_id` and `host` of this claim, and `rescues`: how many are allowed where a name has no settings.
-- @include time, key, order, writes, record, place, give-up, last-start

-- Calls `each(n, id, entry)` for the jobs of a remembered claim that its host still holds.
local function still_held(claimed_by, ids, each)
  local n = 0
  for id in string.gmatch(ids, '[^\n]+') do
    n = n + 1
    local entry, token = redis.call('HGET', LEASE, id), claimed_by .. ':' .. n .. '|'
    if entry and string.sub(entry, 1, #token) == token then each(n, id, entry) end
  end
end

local function parts_of(remembered)
  return string.match(remembered, '^(%x+)\n([^\n]*)\n([^\n]*)\n(.*)$')
end

-- The answer to this claim was lost for good: nobody runs its jobs. They go back as if never claimed.
local function take_back(remembered)
  local claimed_by, _, _, ids = parts_of(remembered)
  still_held(claimed_by, ids, function(_, id, entry)
    local _, _, _, pending, _, name, _, progress = holder(entry)
    local record = redis.call('HGET', JOBS, id)
    local asked_at, seq, priority, flags = asked(record or '')
    -- What is damaged keeps its lease: rescue knows what to do with it.
    if not name or not seq then return end
    give_up(id, name)
    end_run(id, name, flags, record, true)
    local facts = happened(redis.call('HGET', STATE, id))
    local at = planned(asked_at, facts)
    if pending ~= '' then
      at, facts.occurrenceAt = tonumber(pending), nil
    end
    if pending ~= '' or progress ~= '' then
      facts.nextRunAt, facts.progress = at, progress_of(progress) or facts.progress
      hset(STATE, id, packed(facts))
    end
    place(id, name, at or now, seq, priority, flags, facts)
    tell('interrupted', id, name, facts.attempt + 1, host, nil, at or now)
  end)
  flush()
end

-- The jobs of this claim that this host still holds, as they were handed out; of their expiries the earliest.
local function same_again(remembered)
  local _, words, fence, ids = parts_of(remembered)
  local answers, jobs, expiry, claimed_at = {}, {}, nil, ''
  for word in string.gmatch(words, '%S+') do
    answers[#answers + 1] = word
  end
  still_held(claim_id, ids, function(n, id, entry)
    local _, _, locked_at, _, _, name = holder(entry)
    local record, score = redis.call('HGET', JOBS, id), tonumber(redis.call('ZSCORE', LEASES, id))
    if not locked_at or not record or not score then return end
    claimed_at = locked_at
    expiry = math.min(expiry or math.huge, score)
    local state = redis.call('HGET', STATE, id) or ''
    local number = is_last_start(name, state, rescues) and n .. '!' or n
    for _, part in ipairs({ number, id, record, with_progress(id, state) }) do
      jobs[#jobs + 1] = part
    end
  end)
  return answers, fence, expiry, jobs, claimed_at
end
