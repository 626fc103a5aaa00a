-- settle-and-claim
-- Settles finished attempts, each judged alone, then leases due jobs: of the names asked for those
-- that are due, in the order given, an equal share of the slots each, then what is left goes round
-- once more. A repeat with the same claim id gets the same answers, jobs and tokens; jobs of a claim
-- whose answer its host never had go back uncounted. Its first write
-- is of a kind that Redis allows when its memory is full, so that work goes on and makes room.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  fence, lastPass, heldUntil, watchedUntil, logSeq
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
-- ARGV[13] rescues allowed where a name has no settings
-- ARGV[14] how many jobs on their last start may come; empty for any number
-- ARGV[15] of a host that may be left asleep: its group, for how long it counts in ms, and the group in which it stands by as yet, or nothing; else empty
-- ARGV[16..]  for each settlement: id, token, 'kind late argument' (late: 'late' or '-'), body; then for each name: name, free slots
--
-- Returns  { now, answers, time until due or empty, earliest expiry or empty, first fence, expiry, jobs, time of the claim, '1' when some process listens for what happens to jobs, else empty, '1' when the host stands by, else empty, and '1' if a due job on its last start might not come, and ids and names of jobs that have expired }
--          answers: one word each, or none when all are 'ok'; jobs: number in the claim (with a '!' behind it for one on its last start), id, record, state
-- @include time
-- @include key
-- @include pass
-- @include due
-- @include news
local claim_id, host, lease_ms, slots = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local gone_ms, settlements = tonumber(ARGV[9]), tonumber(ARGV[10])
local memory = prefix .. 'claim:' .. host .. ':' .. ARGV[11]
local rescues, last_starts_left = tonumber(ARGV[13]), tonumber(ARGV[14]) or math.huge
local asked_for, free = {}, {}
for i = 16 + settlements * 4, #ARGV, 2 do
  asked_for[#asked_for + 1] = ARGV[i]
  free[ARGV[i]] = tonumber(ARGV[i + 1])
end

local function or_empty(value)
  return value and text(value) or ''
end

-- Names of which all that is due keeps its place: for this host the next one counts that becomes due.
local keeps_due = {}
local slots_kept = 0
local function until_due()
  if slots_kept > 0 then return '0' end
  if slots == 0 or in_use('paused') then return '' end
  local with_room, open, first = {}, {}, math.huge
  for _, name in ipairs(asked_for) do
    if free[name] > 0 then
      with_room[#with_room + 1] = name
      if keeps_due[name] then first = math.min(first, next_due(name) or math.huge) else open[#open + 1] = name end
    end
  end
  first = math.min(math.max(first - now, 0), due_in(open) or math.huge)
  if in_use('gated') then first = math.min(first, gates().opens_in(with_room) or math.huge) end
  return first < math.huge and text(first) or ''
end

local remembered = redis.call('GET', memory)
local last_id = remembered and string.match(remembered, '^%x+')
local is_repeat, is_lost = last_id == claim_id, last_id and ARGV[12] ~= '-' and last_id ~= ARGV[12]
local fence, watched, has_log, patience_ms
if is_repeat then
  watched = tonumber(redis.call('HGET', META, 'watchedUntil') or 0) > now and '1' or ''
else
  redis.call('DEL', memory)
  local _, last_fence, _, is_watched, was_logged, gone_kept_ms = pass(lease_ms)
  fence, watched, has_log, patience_ms = math.max(last_fence + 1, micros), is_watched and '1' or '', was_logged, gone_kept_ms
end

-- Which of the names asked for are due, and since when.
local due, due_since = {}, nil

local function stand_by()
  -- @include stand-by
  return { rest = rest_in_group, leave = leave_both }
end

-- How the host rests: until when, whether it stands by meanwhile, and what META is to note of that.
local function rest()
  -- Who is busy, and did not stand by, has nothing to say of it.
  if ARGV[15] == '' or slots == 0 and string.sub(ARGV[15], -1) == ' ' then return until_due(), '', {} end
  return stand_by().rest()
end

-- What is handed out.
local answers, all_ok, expiry, jobs, ids = {}, true, soon + lease_ms, {}, {}
local expiry_text, held_by = text(expiry), '|' .. now_text .. '||' .. host .. '|||'

-- The end of a call: what the host is told, and what is remembered of that in case the answer gets lost.
local function answer(is_held_back, expired)
  local due_in_ms, stands_by, noted = rest()
  local first_fence = text(fence)
  redis.call('HSET', META, 'lastPass', now_text, 'fence', ids[2] and text(fence + #ids - 1) or first_fence, unpack(noted))
  if #ids > 0 or settlements > 0 then
    local words = all_ok and '' or table.concat(answers, ' ')
    redis.call('SET', memory, claim_id .. '\n' .. words .. '\n' .. first_fence .. '\n' .. table.concat(ids, '\n'), 'PX', 2 * lease_ms + 60000)
  end
  return { now_text, all_ok and {} or answers, due_in_ms, or_empty(earliest_expiry()), first_fence, expiry_text, jobs, now_text, watched, stands_by, is_held_back, expired }
end

-- Most calls concern plain jobs alone: they are answered before all that follows is made ready.
local may_be_plain = not is_repeat and not is_lost and not in_use('stream') and not in_use('lined')

-- Whether a name is held back by anything, or has been: then it is not plain.
local function has_gate(name)
  return in_use('gated') and redis.call('HEXISTS', prefix .. 'gates', name) == 1
end

if not is_repeat and in_use('gated') then gates().open_by_time() end
local is_settled = settlements == 0
if may_be_plain and not is_settled then
  -- @include plain-settlements
  is_settled = settle_plainly(patience_ms, has_log)
end
local is_plain = is_settled and not is_repeat and not is_lost
if is_plain and slots > 0 then
  due, due_since = due_names(asked_for)
end
if is_plain and not due[1] then return answer() end
-- @include reply-size
-- The names that are left for the second round, when the first one is over.
local second_round
if is_plain and may_be_plain and not in_use('expiring') then
  -- @include plain-claim
  second_round = claim_plainly()
  if second_round == true then return answer() end
end

-- @step
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include give-up
-- @include last-start
-- @include tell
-- Names that have room again are opened without a word: first comes this claim. Who sleeps hears of what it leaves.
-- And names of which jobs were due, and the next one is later: who watches may know of those alone that were due.
local opened, later = {}, {}
local function advance_and_open()
  if not in_use('gated') then return advance() end
  if lines_tools then lines().refill() end
  for _, name in ipairs(in_order(freed)) do
    if gate_of(name) then
      local before = gates().claimable_from(name)
      local is_earlier, is_closed = reopen(name)
      if is_earlier then opened[name] = opened[name] or before end
      if is_closed and before <= now then later[name] = gates().claimable_from(name) end
    end
  end
  freed = {}
  advance()
end

local function tell_opened()
  for _, name in ipairs(in_order(opened)) do
    local at, before = gates().claimable_from(name), opened[name]
    if at < before and before > now then announce(name, at) end
  end
end

local function tell_later()
  if ARGV[3] == '' or tonumber(in_use('idle') or 0) <= now then return end
  for _, name in ipairs(in_order(later)) do
    local at = later[name]
    if at > now and at < math.huge then sleepers().tell_watchers(name, at, '', host) end
  end
end

if is_repeat or is_lost then
  -- @include last-claim
  if is_repeat then
    -- The host, whose answer was lost, does not know that it stands by.
    if ARGV[15] ~= '' then stand_by().leave() end
    local answers, first_fence, expiry, jobs, claimed_at = same_again(remembered)
    return { now_text, answers, '0', or_empty(earliest_expiry()), first_fence, or_empty(expiry), jobs, claimed_at, watched }
  end
  take_back(remembered)
  advance_and_open()
end

-- 1. Settlements. Most of a batch end in the same manner, which is read once.
if not is_settled then
  -- @include remove
  -- @include gone
  -- @include refuse
  -- @include settle
  log_exists = has_log
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

  local ids, seen = {}, {}
  for i = 1, settlements do
    ids[i] = ARGV[12 + i * 4]
  end
  local entries, states = redis.call('HMGET', LEASE, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
  local first_expiry, young = earliest_expiry(), false
  for i = 1, settlements do
    local id, token, how, body = ids[i], ARGV[13 + i * 4], manner(ARGV[14 + i * 4]), ARGV[15 + i * 4]
    if seen[id] then
      flush()
      entries[i], states[i] = redis.call('HGET', LEASE, id), redis.call('HGET', STATE, id)
    end
    seen[id] = true
    local word = refusal(id, entries[i], token, first_expiry, how.late)
    if not word then
      word = settle(id, how.kind, how.argument, body, entries[i], states[i], gone_ms)
      young = young or how.kind == 'removed' or how.kind == 'bury' and how.argument ~= ''
    elseif word == 'not-running' and ended_already(id, how.kind) then
      word = nil
    end
    answers[i] = word or 'ok'
    all_ok = all_ok and not word
  end
  flush()
  if young then forget_gone(2 * settlements) end
  advance_and_open()
end

-- 2. The claim.
-- @include claim
-- @include take-ready
-- Of jobs on their last start only as many come as may, unless there are too many to look past: so many did
-- not die of each other, and work must go on.
local last_starts = {}
local function may_come(name, id, state)
  if not is_last_start(name, state, rescues) then return true end
  if last_starts_left == 0 and passed_in_all < MOST_PASSED then return false end
  last_starts_left = math.max(last_starts_left - 1, 0)
  last_starts[id] = true
  return true
end

local function take(id, record, state, name)
  local n = #ids + 1
  ids[n] = id
  hset(LEASE, id, claim_id .. ':' .. n .. '|' .. text(fence + n - 1) .. held_by .. name)
  zadd(LEASES, expiry_text, id)
  zadd(index('running', name), now_text, id)
  local last = #jobs
  local number = last_starts[id] and n .. '!' or n
  jobs[last + 1], jobs[last + 2], jobs[last + 3], jobs[last + 4] = number, id, record, with_progress(id, state)
  if in_use('stream') then tell('started', id, name, event_stream().attempts_in(state) + 1, host) end
end

-- True when a name gave all it was asked for, and has room for more.
local function take_some(name, most)
  local gate = gate_of(name)
  local want = math.min(most, free[name], slots, gate and gates().room_of(name) or math.huge)
  if want <= 0 then return false end
  local got = take_ready(name, want, may_come, take)
  slots, free[name] = slots - got, free[name] - got
  if gate then gates().note_starts_of(name, got) end
  return got == want and free[name] > 0
end

local expired
if slots > 0 then
  if not is_plain then
    due, due_since = due_names(asked_for)
  end
  if in_use('expiring') and due[1] then
    -- @include expiry
    -- As long as more jobs have expired than a call buries, it leases no more than that either.
    local MOST = 20
    expired, bury_if_expired = buried, expire_if_over
    if bury_expired(MOST) and slots > MOST then
      slots, slots_kept = MOST, slots - MOST
    end
  end
  local share, full = math.max(math.floor(slots / math.max(#due, 1)), 1), second_round or {}
  for _, name in ipairs(second_round and {} or due) do
    if take_some(name, share) then full[#full + 1] = name end
  end
  for _, name in ipairs(full) do
    take_some(name, math.huge)
  end
  for _, name in ipairs(due) do
    local has_receded, head = false, nil
    if promoted[name] then
      has_receded, head = recede(name)
      if not has_receded then
        keeps_due[name] = keeps_all(name)
        mark_due(name, due_since[name], keeps_due[name])
      end
    end
    local _, is_closed = reopen(name)
    if is_closed then keeps_due[name], head = nil, gates().claimable_from(name) end
    later[name] = head
  end
end
if next(opened) then tell_opened() end
if next(later) then tell_later() end
if in_use('stream') then event_stream().tell_emptied() end
tell_all()

return answer(passed_any() and '1' or expired and '' or nil, expired)
