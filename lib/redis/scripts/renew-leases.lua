-- renew-leases
-- Moves the expiry of leases to later; never to earlier. A lease that is lost is told with its word,
-- and with the canceller's reason if the job was cancelled. Keeps what a handler told: how far it has come, and
-- lines; of a repeat no line is written twice. Writes only for leases that are held.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  lastPass, heldUntil, longestLease, longestLeaseAt, told
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  how long, in ms
-- ARGV[4]  'late' when an expired lease that nobody has taken over may be taken up again; else empty
-- ARGV[5..]  for each lease: id, token, progress as JSON (empty to leave it as it is), and 'first count' of its
--            lines (empty for none), which follow: the number of the first one in its attempt, and how many
--
-- Returns  { now, and for each lost lease: id, token, refusal, '1' if cancelled else empty, reason }
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include refuse
-- @include pass
local lease_ms = tonumber(ARGV[3])
redis.call('PERSIST', META)
pass(lease_ms)
redis.call('HSET', META, 'lastPass', now_text)

local reply = { now_text }
local function lost(id, token, word)
  local reason = word ~= 'lease-expired' and redis.call('GET', prefix .. 'cancelled:' .. id)
  for _, part in ipairs({ id, token, word, reason and '1' or '', reason or '' }) do
    reply[#reply + 1] = part
  end
end

local ids, tokens, progresses, lines = {}, {}, {}, {}
local at = 5
while at <= #ARGV do
  local n = #ids + 1
  ids[n], tokens[n], progresses[n] = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local first, count = string.match(ARGV[at + 3], '^(%d+) (%d+)$')
  if first then lines[n] = { first = tonumber(first), from = at + 4, count = tonumber(count) } end
  at = at + 4 + (tonumber(count) or 0)
end

local write_lines
local function write_all(id, fence, told)
  if not write_lines then
    -- @include output
    write_lines = write_lines_of
  end
  write_lines(id, fence, told.first, { unpack(ARGV, told.from, told.from + told.count - 1) })
end

-- Whether something was told that stands elsewhere than in leases and states.
local has_more = false
local function tell(id, entry, progress, lines_told)
  local token, fence, locked_at, pending, host, name, run, before = holder(entry)
  if not name then return end
  local told = before
  if tonumber(progress) then
    told = progress
    hdel(PROGRESS, id)
  elseif progress ~= '' then
    told = 'true'
    hset(PROGRESS, id, progress)
  elseif before == '' then
    told = '-'
  end
  if told ~= before then hset(LEASE, id, lease_entry(token, fence, locked_at, pending, host, name, run, told)) end
  has_more = has_more or lines_told or told == 'true'
  if lines_told then write_all(id, fence, lines_told) end
end

local entries, first_expiry = redis.call('HMGET', LEASE, unpack(ids)), earliest_expiry()
for i, id in ipairs(ids) do
  local word = refusal(id, entries[i], tokens[i], first_expiry, ARGV[4] == 'late')
  if word then
    lost(id, tokens[i], word)
  else
    local expiry = math.max(tonumber(redis.call('ZSCORE', LEASES, id) or 0), soon + lease_ms)
    zadd(LEASES, text(expiry), id)
    if progresses[i] ~= '' or lines[i] then tell(id, entries[i], progresses[i], lines[i]) end
  end
end
flush()
if has_more then redis.call('HSET', META, 'told', '1') end
return reply
