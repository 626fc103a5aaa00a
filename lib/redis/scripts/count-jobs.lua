-- count-jobs
-- Counts the jobs of names by state, from cardinalities alone: the cost does not grow with the jobs.
-- What is due counts as queued from its millisecond on.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3..]  names, 100 at most
--
-- Returns  { now, and for each name: queued, scheduled, running, completed, failed, dead, repeating, paused, claimable }
--          dead: how many of the failed are dead letters
--          claimable: due, enabled and free, recurring jobs and retries included
-- @include time
-- @include key
local reply = { now_text }

local function card(place, name)
  return redis.call('ZCARD', index(place, name))
end

-- Of an index that holds so many, those whose time has come.
local function due(place, name, size)
  return size == 0 and 0 or redis.call('ZCOUNT', index(place, name), '-inf', now_text)
end

for i = 3, #ARGV do
  local name = ARGV[i]
  local repeating, retrying = card('repeating', name), card('retrying', name)
  local dead = card('dead', name)
  local ready, timed, parked = card('ready', name) + card('lined', name), card('timed', name), card('parked', name)
  local claimable = ready + due('timed', name, timed)
  local queued = claimable + due('parked', name, parked) - due('repeating', name, repeating) - due('retrying', name, retrying)
  local counts = {
    queued, ready + timed + parked - repeating - retrying - queued, card('running', name), card('completed', name),
    dead + retrying, dead, repeating, card('disabled', name), claimable,
  }
  for _, count in ipairs(counts) do
    reply[#reply + 1] = count
  end
end
return reply
