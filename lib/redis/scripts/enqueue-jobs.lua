-- enqueue-jobs
-- Adds jobs, each to `jobs` and to its place; whole or not at all. An id that is taken adds nothing
-- and answers with the job in place. Its first write is of a kind that Redis refuses when its
-- memory is full, so a full Redis refuses the whole call.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  seq
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  time in ms; empty for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'repeat' when the call may have been carried out before; else empty
-- ARGV[6..]  for each job: id, nonce or empty, due ('+ms' from now, or an instant), priority, flags, name, the record from its name on
--
-- Returns  { now, now rounded up, and for each job that was not simply added: its number, 'existing' | 'mine' | 'gone', record, state, lease entry, result }
--          mine: added by an earlier try of this very call. gone: likewise, and removed since
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include place
local WIDTH, FIRST = 7, 6
local count = (#ARGV - FIRST + 1) / WIDTH

local ids = {}
for i = 1, count do
  ids[i] = ARGV[FIRST + (i - 1) * WIDTH]
end
local taken = redis.call('HMGET', JOBS, unpack(ids))
local seq = redis.call('HINCRBY', META, 'seq', count) - count

-- '+ms' counts from the next whole ms, so that a delay never ends early; '+0' is now.
local function due_at(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end

local function was_mine(id, nonce, record)
  if nonce ~= '' then return string.find(own_and_rest(record), nonce, 1, true) ~= nil end
  return ARGV[5] == 'repeat'
end

local function was_removed(id, nonce)
  if ARGV[5] ~= 'repeat' then return false end
  local till = redis.call('ZSCORE', prefix .. 'gone', nonce ~= '' and nonce or id)
  return till and tonumber(till) > now
end

local reply, names, fresh = { now_text, text(soon) }, {}, { attempt = 0 }
local function except(i, word, record)
  local parts = { i, word, record or '', '', '', '' }
  if record then
    parts[4] = redis.call('HGET', STATE, ids[i]) or ''
    parts[5] = redis.call('HGET', LEASE, ids[i]) or ''
    parts[6] = redis.call('HGET', RESULTS, ids[i]) or ''
  end
  for _, part in ipairs(parts) do
    reply[#reply + 1] = part
  end
end

local added_here = {}
for i = 1, count do
  local at_arg = FIRST + (i - 1) * WIDTH
  local id, nonce, due, priority, flags, name, rest = unpack(ARGV, at_arg, at_arg + WIDTH - 1)
  local record = taken[i] or added_here[id]
  if record then
    except(i, taken[i] and was_mine(id, nonce, record) and 'mine' or 'existing', record)
  elseif was_removed(id, nonce) then
    except(i, 'gone')
  else
    local at = due_at(due)
    record = '[' .. now_text .. ',' .. text(at - now) .. ',' .. text(seq + i) .. ',' .. priority .. ',' .. flags .. ',' .. rest
    added_here[id] = record
    hset(JOBS, id, record)
    place(id, name, at, seq + i, tonumber(priority), tonumber(flags), fresh)
    names[#names + 1] = name
  end
end
flush()
if names[1] then redis.call('SADD', prefix .. 'names', unpack(names)) end
advance()
return reply
