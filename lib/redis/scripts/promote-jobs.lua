-- promote-jobs
-- Makes jobs due that wait for a time ahead, each judged alone; those that are due keep their places. A row that
-- was handed out ahead of its time and has not begun to run is taken back. Whoever was made due is known by the
-- nonce of the call, so that a repeat of it answers the same whatever has become of the jobs. Its first write is of
-- a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  nonce of the call
-- ARGV[6]  how long the call is known for its repeats, in ms
-- ARGV[7..]  ids, 100 at most
--
-- Returns  { now, and for each of the ids that were looked at: 'ok' | 'not-found' | 'running' | 'ended' | 'disabled' }
--          fewer than asked for, one at least, when the jobs are large: ask again for the rest
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include give-up
-- @include gone
-- @include read
-- @include move
redis.call('PERSIST', META)
local SAVED = prefix .. 'saved'

local function promote(id, record, state, entry)
  local call = ARGV[5] .. ':' .. id
  if tonumber(redis.call('ZSCORE', SAVED, call) or 0) > now then return 'ok' end
  if not record or not is_legible(record) then return 'not-found' end
  local _, _, _, _, _, _, run = holder(entry or '')
  local was_claimed = run and string.sub(run, 1, 1) == 'c'
  if entry and not was_claimed then return 'running' end
  local name, facts = name_of(record), happened(state)
  local asked_at, seq, priority, flags = asked(record)
  local planned_at = planned(asked_at, facts)
  if was_claimed then planned_at = own_time(run, planned_at) end
  if not planned_at then return 'ended' end
  if has_flag(flags, FLAG.disabled) then return 'disabled' end
  if planned_at <= now then return 'ok' end
  if was_claimed then
    give_up(id, name)
    end_run(id, name, flags, record, true)
  else
    displace(id, name, planned_at, seq, priority, flags)
  end
  move(facts, flags, planned_at, now)
  place(id, name, now, seq, priority, flags, facts)
  hset(STATE, id, packed(facts))
  zadd(SAVED, text(soon + ARGV[6]), call)
  return 'ok'
end

local ids, words, reply = {}, {}, { now_text }
for i = 7, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
read_some(ids, { JOBS, STATE, LEASE }, function(_, id, ...)
  words[id] = words[id] or promote(id, ...)
  reply[#reply + 1] = words[id]
end)
flush()
forget(SAVED, 2 * #ids)
advance()
return reply
