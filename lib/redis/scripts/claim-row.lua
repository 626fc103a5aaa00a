-- claim-row
-- Hands out the row of a name whose turn it is: one that is due, or whose holder was silent for too
-- long; else the next one, if it is due soon enough. Never a disabled one. Before that it acts on
-- leases that have run out, so that no worker host need be there. Its first write is of a kind
-- that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  fence, lastPass, heldUntil, longestLease, longestLeaseAt
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  name
-- ARGV[6]  claim id
-- ARGV[7]  host
-- ARGV[8]  lease in ms
-- ARGV[9]  'repeat' when the call may have been carried out before; else empty
-- ARGV[10] how long the claim is known for its repeats, in ms
-- ARGV[11] how far ahead a row may be due, in ms; about when this host comes by again
-- ARGV[12] how long the holder of a row may have been silent, in ms
-- ARGV[13] rescues allowed where a name has no settings
--
-- Returns  { now, and the row if there is one: id, record, state, lease entry }
-- @include time
-- @include key
-- @include pass
-- @include gate
local name, ahead, silent, rescues = ARGV[5], tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
local RESCUE_LIMIT, EQUALS_LIMIT, LOST_LIMIT, LOST_PAGE, LOST_PAGES, GHOSTS = 100, 50, 4, 100, 10, 10

local has_passed = false
local function pass_by()
  if has_passed then return 0 end
  has_passed = true
  redis.call('PERSIST', META)
  local held_until = pass(tonumber(ARGV[8]), ahead)
  redis.call('HSET', META, 'lastPass', now_text)
  return held_until
end

-- When a name is due; nil when it has nothing that waits, or is closed. A closed one may be open by now.
local function due_of_open(name)
  local due = redis.call('ZSCORE', DUE, name)
  if due == '-inf' then
    redis.call('PERSIST', META)
    reopen(name)
    due = redis.call('ZSCORE', DUE, name)
  end
  return due ~= '-inf' and tonumber(due) or nil
end

-- Most claims find nothing: they are answered before all that follows is made ready.
local due_at = due_of_open(name)
local may_be_due = due_at and due_at <= now + ahead
local silent_ids = redis.call('ZRANGEBYSCORE', index('running', name), '-inf', text(now - silent), 'LIMIT', 0, LOST_LIMIT)
local first_expiry = tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
local has_expired = first_expiry and first_expiry <= now
if not may_be_due and not silent_ids[1] and not has_expired and ARGV[9] == '' then
  if first_expiry then pass_by() end
  return { now_text }
end

-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include give-up
-- @include window-end
-- @include remove
-- @include claim
-- @include read
-- @include rescue
-- @include row

-- A job as candidates are compared: its record and state come along.
local function candidate(id, record, state)
  local asked_at, seq, priority, flags = asked(record or '')
  if not seq then return end
  local facts = happened(state)
  local planned_at = planned(asked_at, facts)
  return {
    id = id, record = record, state = state, facts = facts, planned_at = planned_at, at = planned_at or now,
    seq = seq, priority = priority, flags = flags,
  }
end

-- Of members of `timed` with one time, which stand in the order of insertion, the first in that of claims.
local function first_in_order(members)
  local best, best_key, best_id
  for _, member in ipairs(members) do
    local seq, priority, id, is_first = seq_priority_id(member)
    local key = { ready_score(now, priority, is_first), ready_member(now, seq, priority, id, is_first) }
    if not best or key[1] < best_key[1] or key[1] == best_key[1] and is_behind(best_key[2], key[2]) then
      best, best_key, best_id = member, key, id
    end
  end
  return best, best_id
end

-- Who stands first: among the due, or else, of those with the earliest time ahead, in the order of claims.
local function head_of_line()
  local ready, timed = index('ready', name), index('timed', name)
  local member = redis.call('ZRANGE', ready, 0, 0)[1]
  if member then return ready, member, string.sub(member, READY_ID) end
  local at = redis.call('ZRANGEBYSCORE', timed, '-inf', text(now + ahead), 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if at then return timed, first_in_order(redis.call('ZRANGEBYSCORE', timed, at, at, 'LIMIT', 0, EQUALS_LIMIT)) end
end

-- Buries a row that must not start any more, and tells so; `is_taken`: its run was lost just now.
local function bury_if_over(row, is_taken)
  if not in_use('expiring') or not has_flag(row.flags, FLAG.expires) then return false end
  -- @include expiry
  if not has_expired(row.record, row.flags) then return false end
  if is_taken then end_run(row.id, name, row.flags, row.record) end
  expire(row.id, name, row.record, row.state, is_taken)
  return true
end

local has_looked = false
local function first_free()
  if (due_of_open(name) or math.huge) > now + ahead then return end
  has_looked = true
  promote(name)
  for _ = 1, GHOSTS do
    local line, member, id = head_of_line()
    if not id then return end
    local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
    local free = candidate(id, record, state)
    -- Who asks for an earlier time than the present may find the first of the line too late.
    if free and free.at > now + ahead then return end
    local is_ready = line == index('ready', name)
    if free and bury_if_over(free) then free, record = nil, nil end
    if free and not is_lined(free.flags) or free and lines().may_start(id, name, record, state, not is_ready) then
      free.line, free.member = line, member
      return free
    end
    -- The next one that its key holds back is not due: nobody may overtake it.
    if free and not is_ready then return end
    -- What has no record any more leaves the line, and so does what cannot be read.
    if not free then zrem(line, member) end
    if record and not free then
      local facts = happened(state)
      entomb(id, name, facts)
      hset(STATE, id, packed(facts))
    end
    flush()
  end
end

-- The row behind an entry of `running`, if its holder is one that may be silent for too long: our own hosts
-- renew, and are not asked here. A disabled row stays where it is.
local function lost_row(id, entry)
  local _, _, locked_at, pending, host, held, run = holder(entry or '')
  if not held or run == '' or redis.call('ZSCORE', index('disabled', name), id) then return end
  local lost = candidate(id, redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id))
  if not lost then return end
  lost.locked_at, lost.pending, lost.host, lost.run = locked_at, pending, host, run
  lost.at = own_time(run, lost.planned_at) or lost.planned_at or tonumber(locked_at)
  return lost
end

-- The rows that have been locked longest, of those whose holder was silent for too long.
local function lost_rows()
  local since, found = text(now - silent), {}
  for page = 0, LOST_PAGES - 1 do
    local ids = redis.call('ZRANGEBYSCORE', index('running', name), '-inf', since, 'LIMIT', page * LOST_PAGE, LOST_PAGE)
    local entries = ids[1] and redis.call('HMGET', LEASE, unpack(ids))
    for i, id in ipairs(ids) do
      found[#found + 1] = lost_row(id, entries[i])
      if #found == LOST_LIMIT then return found end
    end
    if #ids < LOST_PAGE then break end
  end
  return found
end

-- Due ones first, in the order of claims; of the others the earliest.
local function goes_before(one, other)
  local one_waits, other_waits = one.at > now, other.at > now
  if one_waits ~= other_waits then return other_waits end
  if one_waits and one.at ~= other.at then return one.at < other.at end
  local one_first, other_first = goes_first(one.flags), goes_first(other.flags)
  local one_score, other_score = ready_score(one.at, one.priority, one_first), ready_score(other.at, other.priority, other_first)
  if one_score ~= other_score then return one_score < other_score end
  local one_member = ready_member(one.at, one.seq, one.priority, one.id, one_first)
  return is_behind(ready_member(other.at, other.seq, other.priority, other.id, other_first), one_member)
end

-- A lost run counts, and may be one too many: then its row is buried, and another one's turn comes.
local function take_over(row)
  pass_by()
  local facts = row.facts
  give_up(row.id, name)
  local at, outcome = lose(row.id, name, facts, row, row.planned_at, rescues)
  if outcome or at ~= row.planned_at then
    row.state = packed(facts)
    hset(STATE, row.id, row.state)
  end
  if outcome == 'buried' then
    end_run(row.id, name, row.flags, row.record)
    settle_down(row.id, name, facts)
    if has_own_end(row.flags) then end_own_way(row.id, row.record, 'dead') end
    return
  end
  if bury_if_over(row, true) then return end
  end_run(row.id, name, row.flags, row.record, true)
  if is_lined(row.flags) and not lines().may_start(row.id, name, row.record, row.state, true) then
    put_down(row.id, name, at, row.seq, row.priority, row.flags, facts)
    return
  end
  begin_run(row.id, name, row.flags, row.record)
  return hand_out(row.id, name, row.record, row.state, not at and row.at or nil)
end

local function take_free(row)
  if is_lined(row.flags) then
    displace(row.id, name, row.planned_at, row.seq, row.priority, row.flags)
    begin_run(row.id, name, row.flags, row.record)
  end
  zrem(row.line, row.member)
  zrem(index('repeating', name), row.id)
  zrem(index('retrying', name), row.id)
  return hand_out(row.id, name, row.record, row.state)
end

-- Whether one may start after so many leases of the name have ended.
local function has_room(ended)
  if in_use('paused') then return false end
  return not gate_of(name) or gates().room_of(name, ended) > 0
end

local function take_next()
  local candidates = has_room(1) and lost_rows() or {}
  if has_room(0) then candidates[#candidates + 1] = first_free() end
  table.sort(candidates, goes_before)
  for _, row in ipairs(candidates) do
    local taken = row.run and take_over(row) or not row.run and take_free(row)
    if taken then return taken end
  end
end

local earlier_try = row_of_earlier_try()
if earlier_try then return earlier_try end
if (first_expiry or may_be_due) and pass_by() <= now and has_expired then
  rescue(RESCUE_LIMIT, rescues, function() end)
end
local row = take_next()
flush()
if lines_tools then lines().refill() end
if has_looked then recede(name) end
if row and gate_of(name) then gates().note_starts_of(name, 1) end
if row or may_be_due then freed[name] = true end
reopen_freed()
tell_all()
return row or { now_text }
