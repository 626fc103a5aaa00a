-- event-stream
-- The durable stream of events: a call writes one entry for all that it did, as its last step, and drops a few of the
-- oldest that are over the bounds. Events are numbered: `meta.eventSeq` is the newest, `meta.eventsDropped` the newest
-- that is gone. Readers see a number that is missing.
-- @include time, key, in-use
local STREAM, told = prefix .. 'events', {}

local function fact(value)
  return value and cjson.encode(value) or 'null'
end

-- What does not apply is nil.
local function tell_event(kind, id, name, attempt, host, reason, next_at)
  told[#told + 1] = '["' .. kind .. '",' .. fact(id) .. ',' .. fact(name) .. ',' .. (attempt or 'null') .. ','
    .. fact(host ~= '' and host or nil) .. ',' .. fact(reason) .. ',' .. (next_at and text(next_at) or 'null') .. ']'
end

-- How many attempts of a job have ended, as its state tells; that may be false.
local function attempts_in(state)
  return tonumber(string.match(state or '', '^%[[^,]*,[^,]*,[^,]*,(%d+)') or 0)
end

-- Drops the oldest entries as long as one is over a bound, at most so many.
local function drop_old_events(most)
  local ok, bounds = pcall(cjson.decode, in_use('stream') or '')
  if not ok then return end
  local numbers = redis.call('HMGET', META, 'eventSeq', 'eventBytes', 'eventsDropped', 'eventBytesDropped', 'oldestEventAt')
  local newest, bytes, dropped, oldest = tonumber(numbers[1]), tonumber(numbers[2]), tonumber(numbers[3]), tonumber(numbers[5])
  local dropped_bytes = tonumber(numbers[4])
  local function is_over()
    return dropped < newest and (newest - dropped > bounds.maxCount or bytes - dropped_bytes > bounds.maxBytes
      or oldest <= now - bounds.maxAgeMs)
  end
  if not is_over() then return end
  local entries, gone = redis.call('XRANGE', STREAM, '-', '+', 'COUNT', most + 1), {}
  while #gone < most and entries[#gone + 1] and is_over() do
    local entry, behind = entries[#gone + 1], entries[#gone + 2]
    gone[#gone + 1] = entry[1]
    dropped = behind and behind[2][2] - 1 or newest
    dropped_bytes = behind and dropped_bytes + #entry[2][6] or bytes
    oldest = behind and tonumber(behind[2][4]) or oldest
  end
  -- A stranger has taken them away.
  if not entries[1] then dropped, dropped_bytes = newest, bytes end
  if gone[1] then redis.call('XDEL', STREAM, unpack(gone)) end
  redis.call('HSET', META, 'eventsDropped', text(dropped), 'eventBytesDropped', text(dropped_bytes), 'oldestEventAt', text(oldest))
end

local function tell_all_events()
  if not told[1] then return end
  local entry, count = '[' .. table.concat(told, ',') .. ']', #told
  told = {}
  local numbers = redis.call('HMGET', META, 'eventSeq', 'eventBytes', 'eventsDropped')
  local before = tonumber(numbers[1])
  -- What cannot be written must not undo what the call has done: its numbers are missing then.
  redis.pcall('XADD', STREAM, '*', 'n', text(before + 1), 'at', now_text, 'e', entry)
  redis.call('HSET', META, 'eventSeq', text(before + count), 'eventBytes', text(numbers[2] + #entry))
  if before == tonumber(numbers[3]) then redis.call('HSET', META, 'oldestEventAt', now_text) end
  drop_old_events(4)
end

-- Names of which an attempt has ended in this call: emptied, if no other one runs and nothing of them is due.
local ended_here = {}
local function note_end(name)
  ended_here[name] = true
end

local function tell_emptied()
  for name in pairs(ended_here) do
    local head = redis.call('ZRANGE', prefix .. 'timed:' .. name, 0, 0, 'WITHSCORES')[2]
    local is_quiet = redis.call('EXISTS', prefix .. 'ready:' .. name, prefix .. 'lined:' .. name, prefix .. 'running:' .. name) == 0
    if is_quiet and not (head and tonumber(head) <= now) then tell_event('emptied', nil, name) end
  end
end
