-- place
-- THE MOVING INCLUDE: only here does a waiting job get or leave its place in an index, and only
-- here is a name announced as claimable earlier than before.
-- Expects ARGV[3]: news channel, empty for none. ARGV[4]: the head of a message, JSON without its end.
-- @include time, key, order, writes, record
-- @include gate
-- @include news
-- @include bring-forward
local earliest = {}

-- Names of which a lease has ended: those that were at a limit have room again.
local freed = {}

-- Whether a job goes ahead of the others of its priority; `flags` may be nil.
local function goes_first(flags)
  return flags ~= nil and flags >= FLAG.first and has_flag(flags, FLAG.first)
end

local function is_lined(flags)
  return flags ~= nil and flags >= FLAG.lined and has_flag(flags, FLAG.lined)
end

-- What concerns keys is made ready when there is a job with one.
local lines_tools
local function lines()
  if not lines_tools then
    -- @include lines
    lines_tools = {
      note_use = note_use_of_keys, place = place_lined, leave = leave_lined, let_go = let_go_of_key, promote = promote_lined, start = start,
      may_start = may_start, drop_head = drop_head, stop = stop_key, begin_run = begin_run, end_run = end_run, open = open_lines, refill = refill_touched,
      moves = function() return moves end, of_job = line_of_job, of_key = line_of, spot = spot_of_job, turn_of = turn_of,
      by_turn = by_turn, touch = touch, give_up_turn = give_up_turn, leave_line = leave_line,
    }
  end
  return lines_tools
end

-- A job begins to run that is in no place; of one without a key there is nothing to note.
local function begin_run(id, name, flags, record)
  if is_lined(flags) then lines().begin_run(id, name, record) end
end

-- A run is over, and its job is in no place yet. `keeps_key`: it goes on later with what it was about. A record
-- whose flags cannot be read may still tell the key, which must not be kept for ever.
local function end_run(id, name, flags, record, keeps_key)
  local is_damaged = not flags and record and in_use('lined')
  if is_damaged then lines().drop_head(id, name, record) end
  if is_damaged or is_lined(flags) then lines().end_run(id, name, record, keeps_key) end
end

-- Which secondary index counts a waiting job, if any.
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end

-- A job that is to start is looked for at its expiry: while it ran, that was put off (see expiry).
local function expect_expiry(id, record)
  local own = own_of(record or redis.call('HGET', JOBS, id) or '')
  local till = string.match(own, '"expires":(%-?%d+)')
  if till then zadd(prefix .. 'expiring', till, id) end
end

-- Puts a waiting job where its time, priority and flags say; `at` must not be nil. `record`: where it is not
-- stored yet.
local function place(id, name, at, seq, priority, flags, facts, record)
  if flags >= FLAG.expires and has_flag(flags, FLAG.expires) then expect_expiry(id, record) end
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    if is_lined(flags) then lines().let_go(id, name, record) end
    return
  end
  if flags >= FLAG.lined and is_lined(flags) then
    lines().note_use()
    if at <= now then return lines().place(id, name, at, seq, priority, flags, record) end
  end
  local is_first = flags >= FLAG.first and goes_first(flags)
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority, is_first), ready_member(at, seq, priority, id, is_first))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id, is_first))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end

-- Takes a waiting or finished job out of whatever place it has.
local function displace(id, name, at, seq, priority, flags)
  if at then
    local is_first = goes_first(flags)
    if is_lined(flags) then
      lines().leave(id, name, at, seq, priority, flags)
    else
      zrem(index('ready', name), ready_member(at, seq, priority, id, is_first))
    end
    zrem(index('timed', name), timed_member(seq, priority, id, is_first))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end

-- A job without a time stands among the ended ones, as its last failure or success says: there, 'dead' or 'completed'.
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end

-- Where a job belongs that nobody holds: `at` may be nil. Tells among which ended ones it stands, if it does.
-- `record`: where it is not stored yet.
local function put_down(id, name, at, seq, priority, flags, facts, record)
  if not at then
    if is_lined(flags) then lines().let_go(id, name, record) end
    return settle_down(id, name, facts)
  end
  place(id, name, at, seq, priority, flags, facts, record)
end

-- A job whose record is damaged can go nowhere else than among the dead, where it is found.
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end

-- What a script that writes one job tells of it besides: JSON, with a comma in front.
local about = ''

local function announce(name, at)
  if ARGV[3] ~= '' then tell_of_name(name, at, about) end
end

local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end

local function reopen_freed()
  for _, name in ipairs(in_order(freed)) do
    local at = reopen(name)
    if at then announce(name, at) end
  end
  freed = {}
end

-- After the flush: names that became claimable earlier get their due time, and then their news. Tells
-- whether what was placed made any.
local function advance()
  if lines_tools then lines().refill() end
  if next(freed) then reopen_freed() end
  local news = {}
  for name, at in pairs(earliest) do
    if bring_forward(name, at) then news[name] = at end
  end
  earliest = {}
  for _, name in ipairs(in_order(news)) do
    announce(name, news[name])
  end
  return next(news) ~= nil
end
