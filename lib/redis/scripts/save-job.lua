-- save-job
-- Writes what is asked of one job: inserts it, updates it by id and name, or upserts the one job of a
-- key. Look-up and write are one step. A waiting job moves to its new place; of a running one the
-- time is kept in its lease, for afterwards. What happened to the job stays as it is. A repeat of a
-- save that was carried out changes nothing, whatever others did since: it is known by its nonce for
-- as long as ARGV[19] says, which must be longer than its caller goes on repeating it.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  seq
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  time in ms; empty for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'insert' | 'update' | 'single'
-- ARGV[6]  id: of the job to update, or for a new one
-- ARGV[7]  field of `keys` that leads to the job; empty for none
-- ARGV[8]  name
-- ARGV[9]  planned time; empty for none
-- ARGV[10] priority
-- ARGV[11] flags, without `disabled`
-- ARGV[12] '1' | '0' | empty: disabled, enabled, as it is
-- ARGV[13] name and what belongs to the job itself, as the record of a new job has them
-- ARGV[14] the record from its data on
-- ARGV[15] the end of the record from its rule on; empty without a rule
-- ARGV[16] what happened, for a new job; empty for nothing
-- ARGV[17] nonce of this save
-- ARGV[18] 'repeat' when the call may have been carried out before; else empty
-- ARGV[19] how long the save is known for its repeats, in ms
--
-- Returns  { now, 'inserted' | 'updated' | 'missing', id, record, state, lease entry, result }
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include place
-- @include gone
local mode, id, key, name, due = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local priority, flags, rule = tonumber(ARGV[10]), tonumber(ARGV[11]), ARGV[15]

local SAVED = prefix .. 'saved'

-- A key whose job cannot be read leads to a new one from now on.
local before
if mode == 'single' then
  local holder_id = redis.call('HGET', prefix .. 'keys', key)
  before = holder_id and redis.call('HGET', JOBS, holder_id)
  if before and not is_legible(before) then before = false end
  if before then id = holder_id end
else
  before = redis.call('HGET', JOBS, id)
end
if mode == 'update' and not (before and is_legible(before) and name_of(before) == name) then
  return { now_text, 'missing' }
end

local function reply(word)
  return {
    now_text, word, id, redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id) or '',
    redis.call('HGET', LEASE, id) or '', redis.call('HGET', RESULTS, id) or '',
  }
end

-- A job without a time stands among the ended ones, as its last failure or success says.
local function settle_down(facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  zadd(index(failed and 'dead' or 'completed', name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
end

local function put(facts, at, seq)
  if at ~= facts.nextRunAt then facts.occurrenceAt = nil end
  -- A job that had ended begins anew: what its earlier runs used up is not held against it.
  if facts.known and not facts.nextRunAt then facts.attempt, facts.rescueCount, facts.releaseCount = 0, 0, 0 end
  facts.nextRunAt = at
  if at then place(id, name, at, seq, priority, flags, facts) else settle_down(facts) end
end

local function record_of(created, at, seq, name_and_own)
  return '[' .. created .. ',' .. (at and text(at - created) or 'null') .. ',' .. text(seq) .. ',' .. ARGV[10] .. ','
    .. flags .. ',' .. name_and_own .. ',' .. ARGV[14]
end

local function mark_disabled()
  if flags % 2 == DISABLED then zadd(index('disabled', name), 0, id) else zrem(index('disabled', name), id) end
end

-- Carried out before: its answer was lost. A job that was removed since is answered as it was asked.
if ARGV[18] == 'repeat' and tonumber(redis.call('ZSCORE', SAVED, ARGV[17]) or 0) > now then
  if before then return reply('updated') end
  if ARGV[12] == '1' then flags = flags + DISABLED end
  return { now_text, 'inserted', id, record_of(now_text, due, 0, ARGV[13]), ARGV[16], '', '' }
end

local function carry_out_all()
  zadd(SAVED, text(soon + ARGV[19]), ARGV[17])
  flush()
  forget(SAVED, 2)
  advance()
end

if not before then
  local seq = redis.call('HINCRBY', META, 'seq', 1)
  if ARGV[12] == '1' then flags = flags + DISABLED end
  hset(JOBS, id, record_of(now_text, due, seq, ARGV[13]))
  if ARGV[16] ~= '' then hset(STATE, id, ARGV[16]) end
  if key ~= '' then hset(prefix .. 'keys', key, id) end
  redis.call('SADD', prefix .. 'names', name)
  put(happened(ARGV[16] ~= '' and ARGV[16]), due, seq)
  mark_disabled()
  carry_out_all()
  return reply('inserted')
end

local state, entry = redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)
local facts, old_at, seq, old_priority, old_flags = happened(state), asked(before)
local planned_at = planned(old_at, facts)

-- Saving an unchanged rule again moves nothing, least of all a run that is due.
local function keeps_time()
  if mode ~= 'single' or not planned_at then return false end
  local had_rule = math.floor(old_flags / 16) % 2 == 1
  if rule ~= '' then return had_rule and string.sub(before, -#rule) == rule end
  return not had_rule and due and due <= now
end

local at = due
if keeps_time() then at = planned_at end
if ARGV[12] == '1' or (ARGV[12] == '' and old_flags % 2 == DISABLED) then flags = flags + DISABLED end
if math.floor(old_flags / 4) % 2 == 1 and math.floor(flags / 4) % 2 == 0 then flags = flags + 4 end

local created, quoted_name = string.match(before, '^%[(%d+)[^"]*("[^"]*")')
local name_and_own = quoted_name .. ',' .. own_and_rest(before)
if entry then
  local token, fence, locked_at, pending, host = holder(entry)
  if token and at and at ~= planned_at then
    pending = text(at)
    hset(LEASE, id, table.concat({ token, fence, locked_at, pending, host, name }, '|'))
  end
  hset(JOBS, id, record_of(created, old_at, seq, name_and_own))
else
  displace(id, name, planned_at, seq, old_priority)
  hset(JOBS, id, record_of(created, at, seq, name_and_own))
  put(facts, at, seq)
  if state then hset(STATE, id, packed(facts)) end
end
mark_disabled()
carry_out_all()
return reply('updated')
