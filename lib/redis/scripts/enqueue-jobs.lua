-- enqueue-jobs
-- Adds jobs, each to `jobs` and to its place; whole or not at all. An id that is taken adds nothing
-- and answers with the job in place. Its first write is of a kind that Redis refuses when its
-- memory is full, so a full Redis refuses the whole call.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  seq
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'repeat' when the call may have been carried out before; else when it was sent, by the server's clock
-- ARGV[6]  number of kinds of jobs in this call
-- ARGV[7..]  for each kind: due ('+ms' from now, or an instant), priority, flags, name; then for each
--            job: id, number of its kind, the record from its name on
--
-- Returns  { now, now rounded up, and for each job that was not simply added: its number, 'existing' | 'mine' | 'gone' | 'taken', record, state, lease entry, result }
--          mine: added by an earlier try of this very call. gone: likewise, and removed since.
--          After about 1 MiB the jobs in place are no longer answered: their record is empty, and the
--          word is 'taken' where one look at the record would say whether it is mine.
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
local KIND_WIDTH, WIDTH = 4, 3
-- A try that comes so late may have been repeated meanwhile: its sender has given it up.
local LATE_MS = 2000
local is_repeat = ARGV[5] == 'repeat' or now > tonumber(ARGV[5]) + LATE_MS
local first = 7 + ARGV[6] * KIND_WIDTH
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

-- '+ms' counts from the next whole ms, so that a delay never ends early; '+0' is now.
local function due_at(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end

-- What jobs of one kind have in common is read once, and so is written the part of the record between
-- the creation time and seq, and the part behind seq.
local kinds, names = {}, {}
for i = 1, ARGV[6] do
  local due, priority, flags, name = unpack(ARGV, 3 + i * KIND_WIDTH, 6 + i * KIND_WIDTH)
  local at = due_at(due)
  kinds[i] = {
    at = at, priority = tonumber(priority), flags = tonumber(flags), name = name,
    head = '[' .. now_text .. ',' .. text(at - now) .. ',', middle = ',' .. priority .. ',' .. flags .. ',',
  }
  names[i] = name
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
local function except(i, word, record)
  local parts = { i, word, '', '', '', '' }
  if record and record ~= '' and sent < MAX_BYTES then
    parts[3] = record
    parts[4] = redis.call('HGET', STATE, ids[i]) or ''
    parts[5] = redis.call('HGET', LEASE, ids[i]) or ''
    parts[6] = redis.call('HGET', RESULTS, ids[i]) or ''
    sent = sent + #record + #parts[6]
  end
  for _, part in ipairs(parts) do
    reply[#reply + 1] = part
  end
end

local added_here, any = {}, false
for i = 1, count do
  local at_arg = first + (i - 1) * WIDTH
  local id, kind, rest = ids[i], kinds[tonumber(ARGV[at_arg + 1])], ARGV[at_arg + 2]
  local record = taken[i] or added_here[id]
  if record == '' then
    except(i, 'taken')
  elseif record then
    except(i, taken[i] and was_mine(rest, record) and 'mine' or 'existing', record)
  elseif was_removed(id, rest) then
    except(i, 'gone')
  else
    record = kind.head .. text(seq + i) .. kind.middle .. rest
    added_here[id] = record
    any = true
    hset(JOBS, id, record)
    place(id, kind.name, kind.at, seq + i, kind.priority, kind.flags, fresh)
  end
end
flush()
if any then redis.call('SADD', prefix .. 'names', unpack(names)) end
advance()
return reply
