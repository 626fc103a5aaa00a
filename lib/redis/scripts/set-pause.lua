-- set-pause
-- Pauses a name, or everything, or ends such a pause. Claims that come after it see nothing of what is paused.
-- Its first write is of a kind that Redis allows when its memory is full. A repeat of a call that was carried
-- out changes nothing.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  gated, paused
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  nonce of the call
-- ARGV[6]  how long the call is known for its repeats, in ms
-- ARGV[7]  'name' | 'all'
-- ARGV[8]  name, if that is meant
-- ARGV[9]  why and by whom, as JSON; empty to end the pause
-- ARGV[10] 'quiet' when another partition tells of it; else empty
--
-- Returns  { now, '1' if it was paused else empty }
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include gone
-- @include limits
-- @include tell
local SAVED, name = prefix .. 'saved', ARGV[8]
if tonumber(redis.call('ZSCORE', SAVED, ARGV[5]) or 0) > now then return { now_text, '1' } end
redis.call('PERSIST', META)

-- Who pauses again changes the words, and not since when.
local function pause_after(before)
  if ARGV[9] == '' then return nil end
  local pause = cjson.decode(ARGV[9])
  pause.at = before and tonumber(before.at) or now
  return pause
end

local function set_for_name()
  local gate = gates().gate_of(name) or {}
  local before = gate.paused
  gate.paused = pause_after(before)
  if before or gate.paused then apply_gate(name, gate) end
  return before
end

local function set_for_all()
  local before = in_use('paused')
  local pause = pause_after(before and read_limits(before))
  if pause then
    redis.call('HSET', META, 'paused', cjson.encode(pause))
  elseif before then
    redis.call('HDEL', META, 'paused')
    announce('', now)
  end
  return before
end

local before
if ARGV[7] == 'name' then before = set_for_name() else before = set_for_all() end
if before or ARGV[9] ~= '' then redis.call('ZADD', SAVED, text(soon + ARGV[6]), ARGV[5]) end
forget(SAVED, 10)
if ARGV[10] == '' and (ARGV[9] == '' and before or ARGV[9] ~= '' and not before) then
  tell(before and 'resumed' or 'paused', nil, ARGV[7] == 'name' and name or nil)
  tell_all()
end
return { now_text, before and '1' or '' }
