-- disable-jobs
-- Disables or enables jobs. A waiting one is parked, or goes back to its place in the line; a running
-- one finishes, and is parked or not afterwards.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  time in ms; empty for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  '1' to disable, '0' to enable
-- ARGV[6..]  ids, 100 at most
--
-- Returns  { now, number of jobs found }
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include place
local ids, found = {}, {}
for i = 6, #ARGV do
  if not found[ARGV[i]] then
    found[ARGV[i]] = true
    ids[#ids + 1] = ARGV[i]
  end
end

local function with_flags(record, flags)
  return (string.gsub(record, '^(%[[^,]+,[^,]+,[^,]+,[^,]+,)%d+', '%1' .. flags, 1))
end

local records, states = redis.call('HMGET', JOBS, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
local entries, count = redis.call('HMGET', LEASE, unpack(ids)), 0
for i, id in ipairs(ids) do
  local record = records[i]
  if record then
    count = count + 1
    local name, facts = name_of(record), happened(states[i])
    local asked_at, seq, priority, flags = asked(record)
    local at = planned(asked_at, facts)
    local is_disabled = flags % 2 == DISABLED
    if is_disabled ~= (ARGV[5] == '1') then
      flags = flags + (is_disabled and -DISABLED or DISABLED)
      hset(JOBS, id, with_flags(record, flags))
      if is_disabled then zrem(index('disabled', name), id) else zadd(index('disabled', name), 0, id) end
      if not entries[i] and at then
        displace(id, name, at, seq, priority)
        place(id, name, at, seq, priority, flags, facts)
      end
    end
  end
end
flush()
advance()
return { now_text, count }
