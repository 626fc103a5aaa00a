-- settle-and-claim
-- Settles finished attempts, each judged alone, then leases due jobs: of the names asked for those
-- that are due, in the order given, an equal share of the slots each, then what is left goes round
-- once more. A repeat with the same claim id gets the same answers, jobs and tokens; jobs of a claim
-- whose answer its host never had go back uncounted. Its first write
-- is of a kind that Redis allows when its memory is full, so that work goes on and makes room.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  fence, lastPass, heldUntil, watchedUntil
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  claim id
-- ARGV[6]  host
-- ARGV[7]  lease in ms
-- ARGV[8]  free slots in all
-- ARGV[9]  how long removed ids stay known, in ms
-- ARGV[10] number of settlements
-- ARGV[11] track: each remembers its last claim
-- ARGV[12] last claim on the track whose answer the host has; empty for none, '-' for unknown
-- ARGV[13..]  for each settlement: id, token, 'kind late argument' (late: 'late' or '-'), body; then for each name: name, free slots
--
-- Returns  { now, answers, time until due or empty, earliest expiry or empty, first fence, expiry, jobs, time of the claim, '1' when some process listens for what happens to jobs, else empty }
--          answers: one word each, or none when all are 'ok'; jobs: number in the claim, id, record, state
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include window
-- @include remove
-- @include gone
-- @include refuse
-- @include settle
-- @include claim
-- @include pass
local claim_id, host, lease_ms, slots = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local gone_ms, settlements = tonumber(ARGV[9]), tonumber(ARGV[10])
local memory = prefix .. 'claim:' .. host .. ':' .. ARGV[11]

local function or_empty(value)
  return value and text(value) or ''
end

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
    local _, _, _, pending, _, name = holder(entry)
    local record = redis.call('HGET', JOBS, id)
    local asked_at, seq, priority, flags = asked(record or '')
    -- What is damaged keeps its lease: rescue knows what to do with it.
    if not name or not seq then return end
    give_up(id, name)
    local facts = happened(redis.call('HGET', STATE, id))
    local at = planned(asked_at, facts)
    if pending ~= '' then
      at, facts.nextRunAt, facts.occurrenceAt = tonumber(pending), tonumber(pending), nil
      hset(STATE, id, packed(facts))
    end
    place(id, name, at or now, seq, priority, flags, facts)
  end)
  flush()
  advance()
end

-- The jobs of this claim that this host still holds, as they were handed out; of their expiries the earliest.
local function same_again(remembered)
  local _, words, fence, ids = parts_of(remembered)
  local answers, jobs, expiry, claimed_at = {}, {}, nil, ''
  for word in string.gmatch(words, '%S+') do
    answers[#answers + 1] = word
  end
  still_held(claim_id, ids, function(n, id, entry)
    local _, _, locked_at = holder(entry)
    local record, score = redis.call('HGET', JOBS, id), tonumber(redis.call('ZSCORE', LEASES, id))
    if not locked_at or not record or not score then return end
    claimed_at = locked_at
    expiry = math.min(expiry or math.huge, score)
    for _, part in ipairs({ tostring(n), id, record, redis.call('HGET', STATE, id) or '' }) do
      jobs[#jobs + 1] = part
    end
  end)
  local watched = tonumber(redis.call('HGET', META, 'watchedUntil') or 0) > now
  return { now_text, answers, '0', or_empty(earliest_expiry()), fence, or_empty(expiry), jobs, claimed_at, watched and '1' or '' }
end

local remembered = redis.call('GET', memory)
if remembered and string.sub(remembered, 1, #claim_id + 1) == claim_id .. '\n' then return same_again(remembered) end
redis.call('DEL', memory)
if remembered and ARGV[12] ~= '-' and parts_of(remembered) ~= ARGV[12] then take_back(remembered) end

-- 1. Settlements. Most of a batch end in the same manner, which is read once.
local manners = {}
local function manner(text_of_it)
  local how = manners[text_of_it]
  if not how then
    local kind, late, argument = string.match(text_of_it, '^(%S+) (%S+) (.*)$')
    how = { kind = kind, late = late == 'late', argument = argument }
    manners[text_of_it] = how
  end
  return how
end

local answers, all_ok = {}, true
if settlements > 0 then
  local ids, seen = {}, {}
  for i = 1, settlements do
    ids[i] = ARGV[9 + i * 4]
  end
  local entries, states = redis.call('HMGET', LEASE, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
  local first_expiry, young = earliest_expiry(), false
  for i = 1, settlements do
    local id, token, how, body = ids[i], ARGV[10 + i * 4], manner(ARGV[11 + i * 4]), ARGV[12 + i * 4]
    if seen[id] then
      flush()
      entries[i], states[i] = redis.call('HGET', LEASE, id), redis.call('HGET', STATE, id)
    end
    seen[id] = true
    local word = refusal(id, entries[i], token, first_expiry, how.late)
    if not word then
      word = settle(id, how.kind, how.argument, body, entries[i], states[i], gone_ms)
      young = young or how.kind == 'removed'
    elseif word == 'not-running' and ended_already(id, how.kind) then
      word = nil
    end
    answers[i] = word or 'ok'
    all_ok = all_ok and not word
  end
  flush()
  if young then forget_gone(2 * settlements) end
  advance()
end

-- 2. The claim.
local held, fence, _, watched = pass(lease_ms)
fence = math.max(fence + 1, micros)
local expiry, jobs, ids = soon + lease_ms, {}, {}

local expiry_text, held_by = text(expiry), '|' .. now_text .. '||' .. host .. '|||'
local function take(id, record, state, name)
  local n = #ids + 1
  ids[n] = id
  hset(LEASE, id, claim_id .. ':' .. n .. '|' .. text(fence + n - 1) .. held_by .. name)
  zadd(LEASES, expiry_text, id)
  zadd(index('running', name), now_text, id)
  local last = #jobs
  jobs[last + 1], jobs[last + 2], jobs[last + 3], jobs[last + 4] = tostring(n), id, record, state or ''
end

local asked_for, free = {}, {}
for i = 13 + settlements * 4, #ARGV, 2 do
  asked_for[#asked_for + 1] = ARGV[i]
  free[ARGV[i]] = tonumber(ARGV[i + 1])
end
local until_due = ''
if slots > 0 then
  local due = due_names(asked_for)
  local share, full = math.max(math.floor(slots / math.max(#due, 1)), 1), {}
  for _, name in ipairs(due) do
    local want = math.min(share, free[name], slots)
    if want > 0 then
      local got = take_ready(name, want, take)
      slots, free[name] = slots - got, free[name] - got
      if got == want and free[name] > 0 then full[#full + 1] = name end
    end
  end
  for _, name in ipairs(full) do
    local want = math.min(free[name], slots)
    if want > 0 then
      local got = take_ready(name, want, take)
      slots, free[name] = slots - got, free[name] - got
    end
  end
  for _, name in ipairs(due) do
    if promoted[name] then recede(name) end
  end
  if slots > 0 then
    local open = {}
    for _, name in ipairs(asked_for) do
      if free[name] > 0 then open[#open + 1] = name end
    end
    until_due = or_empty(due_in(open))
  end
end

redis.call('HSET', META, 'lastPass', now_text, 'fence', text(fence + math.max(#ids, 1) - 1))
if #ids > 0 or settlements > 0 then
  local words = all_ok and '' or table.concat(answers, ' ')
  redis.call('SET', memory, claim_id .. '\n' .. words .. '\n' .. text(fence) .. '\n' .. table.concat(ids, '\n'), 'PX', 2 * lease_ms + 60000)
end
return { now_text, all_ok and {} or answers, until_due, or_empty(earliest_expiry()), text(fence), text(expiry), jobs, now_text, watched and '1' or '' }
