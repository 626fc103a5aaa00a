-- row
-- Hands rows out one by one, to processes that say themselves when a run begins. A claim whose answer
-- was lost finds its row again.
-- Expects ARGV[6]: claim id. ARGV[7]: host. ARGV[8]: lease in ms. ARGV[9]: 'repeat' when the call may
-- have been carried out before, else empty. ARGV[10]: how long the claim is known for its repeats, in ms.
-- @include time, key, order, writes, record, place, lease
local token, HANDED = ARGV[6] .. ':1', prefix .. 'handed:' .. ARGV[6]

local function row_reply(id, record, state, entry)
  return { now_text, id, record, state or '', entry }
end

-- The row of an earlier try of this very claim, if it is still held.
local function row_of_earlier_try()
  local id = ARGV[9] == 'repeat' and redis.call('GET', HANDED)
  local entry = id and redis.call('HGET', LEASE, id)
  local record = entry and redis.call('HGET', JOBS, id)
  if record and string.sub(entry, 1, #token + 1) == token .. '|' then
    return row_reply(id, record, redis.call('HGET', STATE, id), entry)
  end
end

-- Leases a row that stands nowhere. `own_at`: the time it goes back to, where its record tells none.
local function hand_out(id, name, record, state, own_at)
  local fence = math.max(tonumber(redis.call('HGET', META, 'fence') or 0) + 1, micros)
  redis.call('HSET', META, 'fence', text(fence))
  redis.call('SET', HANDED, id, 'PX', ARGV[10])
  local run = 'c' .. (own_at and text(own_at) or '')
  local entry = lease_entry(token, text(fence), now_text, '', ARGV[7], name, run, '')
  hset(LEASE, id, entry)
  zadd(LEASES, text(soon + tonumber(ARGV[8])), id)
  zadd(index('running', name), now_text, id)
  flush()
  return row_reply(id, record, state, entry)
end
