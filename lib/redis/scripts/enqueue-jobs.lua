-- enqueue-jobs
-- Adds jobs, each to `jobs` and to its place; whole or not at all. An id that is taken adds nothing
-- and answers with the job in place, and so does an idempotency key that is held. A job whose name may have no
-- more that wait is refused, alone, and so is one whose name is away. Its first write is of a
-- kind that Redis refuses when its memory is full, so a full Redis refuses the whole call.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  seq, capped, stream, gated, paused, expiring, lined
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'repeat' when the call may have been carried out before; else when it was sent, by the server's clock
-- ARGV[6]  number of kinds of jobs in this call
-- ARGV[7]  number of its jobs with an idempotency key
-- ARGV[8..]  for each kind: due ('+ms' from now, or an instant), priority, flags, name; then for each
--            job with such a key: its number, field of `keys`, how long time alone holds that, in ms, or
--            empty; then for each job: id, number of its kind, the record from its name on
--
-- Returns  { now, now rounded up, and for each job that was not simply added: its number, 'existing' | 'mine' | 'gone' | 'held' | 'taken' | 'full' | 'away', id, record, state, lease entry, result }
--          mine: added by an earlier try of this very call. gone: likewise, and removed since. held: the
--          job that was added with the key is removed. full: it was not added; in the place of the record stands
--          how many wait, in that of the state how many may. away: it was not added, since all jobs of its name
--          live in another partition.
--          After about 1 MiB the jobs in place are no longer answered: their record is empty, and the
--          word is 'taken' where one look at the record would say whether it is mine.
-- @include time
-- @include key
-- @include order
-- @include in-use
local KIND_WIDTH, KEY_WIDTH, WIDTH = 4, 3, 3
-- A try that comes so late may have been repeated meanwhile: its sender has given it up.
local LATE_MS = 2000
local is_repeat = ARGV[5] == 'repeat' or now > tonumber(ARGV[5]) + LATE_MS
local first_key = 8 + ARGV[6] * KIND_WIDTH
local first = first_key + ARGV[7] * KEY_WIDTH
local count = (#ARGV - first + 1) / WIDTH

local ids = {}
for i = 1, count do
  ids[i] = ARGV[first + (i - 1) * WIDTH]
end

-- The records under the ids, a few at a time until they make about 1 MiB; after that '' where there is
-- one. Free ids, the rule, cost next to nothing.
local MAX_BYTES = 1048576
local taken, bytes, last = {}, 0, 0
while last < count do
  local from = last + 1
  last = math.min(last + (last == 0 and 4 or 16), count)
  if bytes < MAX_BYTES then
    local records = redis.call('HMGET', JOBS, unpack(ids, from, last))
    for i = from, last do
      local record = records[i - from + 1]
      taken[i] = record
      if record then bytes = bytes + #record end
    end
  else
    for i = from, last do
      taken[i] = redis.call('HEXISTS', JOBS, ids[i]) == 1 and ''
    end
  end
end
local seq = redis.call('HINCRBY', META, 'seq', count) - count
local capped, stream, gated, paused, expiring, lined, idle =
  unpack(redis.call('HMGET', META, 'capped', 'stream', 'gated', 'paused', 'expiring', 'lined', 'idleUntil'))
note_use(gated, paused, expiring, stream, lined, idle)

-- What jobs of one kind have in common is read once, and so is written the part of the record between
-- the creation time and seq, and the part behind seq.
local kinds, names = {}, {}
for i = 1, ARGV[6] do
  local due, priority, flags, name = unpack(ARGV, 4 + i * KIND_WIDTH, 7 + i * KIND_WIDTH)
  local at = instant(due)
  kinds[i] = {
    at = at, priority = tonumber(priority), flags = tonumber(flags), name = name,
    head = '[' .. now_text .. ',' .. text(at - now) .. ',', middle = ',' .. priority .. ',' .. flags .. ',',
  }
  names[i] = name
end

-- @include plain-adds
if not is_repeat and ARGV[7] == '0' and not capped and not stream and are_plain() then
  add_plainly()
  return { now_text, text(soon) }
end

-- @step
-- @include writes
-- @include record
-- @include place
local may_be_noted = false
for _, kind in ipairs(kinds) do
  may_be_noted = may_be_noted or kind.flags >= FLAG.expires
end

-- What most calls do without, each nil then.
local cap, expire, note, tell_added, tell_all_added
if capped or may_be_noted then
  -- @include admit
  cap, expire, note = cap_of, with_expiry, note_new
end
if stream then
  -- @include tell
  tell_added, tell_all_added = tell, tell_all
end

local function nonce_in(part)
  return string.match(part, '^[^"]*"[^"]*",{"nonce":"(%x+)"')
end

local function was_mine(rest, record)
  local nonce = nonce_in(rest)
  if nonce then return nonce_in(record) == nonce end
  return is_repeat
end

local function was_removed(id, rest)
  if not is_repeat then return false end
  local till = redis.call('ZSCORE', prefix .. 'gone', nonce_in(rest) or id)
  return till and tonumber(till) > now
end

local reply, fresh, sent = { now_text, text(soon) }, { attempt = 0 }, 0
local function except(i, word, id, record)
  local parts = { i, word, id, '', '', '', '' }
  if record and record ~= '' and sent < MAX_BYTES then
    parts[4] = record
    parts[5] = with_progress(id, redis.call('HGET', STATE, id))
    parts[6] = with_progress(id, redis.call('HGET', LEASE, id))
    parts[7] = redis.call('HGET', RESULTS, id) or ''
    sent = sent + #record + #parts[7]
  end
  for _, part in ipairs(parts) do
    reply[#reply + 1] = part
  end
end

local function refuse(i, id, limit)
  for _, part in ipairs({ i, 'full', id, text(limit.queued), text(limit.most), '', '' }) do
    reply[#reply + 1] = part
  end
end

local added_here, any = {}, false

-- The fields of jobs with an idempotency key, by their numbers, and what only a call with such keys needs.
local fields, known_by_key, note_key = {}, nil, nil
if ARGV[7] ~= '0' then
  -- @include held
  -- For how long time alone holds a key, by the number of its job; and of each field whose it is by this call.
  local times, mine = {}, {}
  for at = first_key, first - 1, KEY_WIDTH do
    local i = tonumber(ARGV[at])
    fields[i], times[i] = ARGV[at + 1], tonumber(ARGV[at + 2])
  end

  -- As the key of a job says: the word for an answer, an id and its record; nothing when the key is free.
  known_by_key = function(i, rest)
    local id, record = mine[fields[i]], nil
    if id then record = redis.call('HGET', JOBS, id) else id, record = holder_of(fields[i], sent >= MAX_BYTES) end
    if not id then return end
    if id == ids[i] and is_repeat and not nonce_in(rest) then return 'gone', id end
    record = record or added_here[id]
    return record and 'existing' or 'held', id, record
  end

  -- A repeat finds in its own call what its first try has found there, also where the key is freed since.
  note_key = function(i, word, record)
    local field, id = fields[i], ids[i]
    if not word then hold(field, id, times[i] and text(soon + times[i])) end
    if not word or word == 'gone' or word == 'mine' and carries(record, field) then mine[field] = id end
  end

  forget_held(2 * ARGV[7])
end

for i = 1, count do
  local at_arg = first + (i - 1) * WIDTH
  local id, kind, rest, field = ids[i], kinds[tonumber(ARGV[at_arg + 1])], ARGV[at_arg + 2], fields[i]
  local record, word, holder = taken[i] or added_here[id], nil, id
  if record == '' then
    word = 'taken'
  elseif record then
    word = taken[i] and was_mine(rest, record) and 'mine' or 'existing'
  elseif was_removed(id, rest) then
    word = 'gone'
  elseif field then
    word, holder, record = known_by_key(i, rest)
  end
  local limit = not word and capped and cap(kind.name)
  if word then
    except(i, word, holder, record)
  elseif limit and limit.is_away then
    word = 'away'
    except(i, word, id)
  elseif limit and limit.queued >= limit.most then
    word = 'full'
    refuse(i, id, limit)
  else
    if limit then limit.queued = limit.queued + 1 end
    if expire and has_flag(kind.flags, FLAG.expires) then rest = expire(rest) end
    record = kind.head .. text(seq + i) .. kind.middle .. rest
    added_here[id] = record
    any = true
    hset(JOBS, id, record)
    place(id, kind.name, kind.at, seq + i, kind.priority, kind.flags, fresh, record)
    if note then note(id, record, seq + i, kind.flags) end
    if stream then tell_added('enqueued', id, kind.name, nil, nil, nil, kind.at) end
  end
  if field then note_key(i, word, record) end
end
flush()
if any then redis.call('SADD', prefix .. 'names', unpack(names)) end
advance()
if stream then tell_all_added() end
return reply
