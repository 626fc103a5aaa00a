-- disable-jobs
-- Disables or enables jobs. A waiting one is parked, or goes back to its place in the line, also when it
-- was handed out and has not begun to run; a running one finishes, and is parked or not afterwards.
-- Its first write is of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  '1' to disable, '0' to enable
-- ARGV[6..]  ids, 100 at most
--
-- Returns  { now, how many of the ids were looked at, how many of those were found }
--          fewer than asked for, one at least, when the jobs are large: ask again for the rest
-- @include time
-- @include key
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include lease
-- @include give-up
-- @include read
redis.call('PERSIST', META)
local ids, seen, found = {}, {}, 0
for i = 6, #ARGV do
  ids[#ids + 1] = ARGV[i]
end

local count = read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
  if not record or seen[id] or not is_legible(record) then return end
  seen[id] = true
  found = found + 1
  local name, facts = name_of(record), happened(state)
  local asked_at, seq, priority, flags = asked(record)
  local at = planned(asked_at, facts)
  local is_disabled = has_flag(flags, FLAG.disabled)
  if is_disabled == (ARGV[5] == '1') then return end
  flags = flags + (is_disabled and -FLAG.disabled or FLAG.disabled)
  hset(JOBS, id, with_flags(record, flags))
  if is_disabled then zrem(index('disabled', name), id) else zadd(index('disabled', name), 0, id) end
  local _, _, _, _, _, _, run = holder(entry or '')
  if run and string.sub(run, 1, 1) == 'c' then
    give_up(id, name)
    end_run(id, name, flags, record, true)
    facts.nextRunAt = own_time(run, at)
    if facts.nextRunAt ~= at then hset(STATE, id, packed(facts)) end
    put_down(id, name, facts.nextRunAt, seq, priority, flags, facts)
  elseif not entry and at then
    displace(id, name, at, seq, priority, flags)
    place(id, name, at, seq, priority, flags, facts)
  end
end)
flush()
advance()
return { now_text, count, found }
