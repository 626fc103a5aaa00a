-- examine-entries
-- Looks whether entries of one key are called for by a job, each judged alone at one instant, and takes those away that
-- are not, if that is asked for; the job of such an entry gets its place first. A look writes nothing; the first write
-- of a repair is of a kind that Redis allows when its memory is full. Of large jobs it does about 1 MiB.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'look' | 'repair'
-- ARGV[6]  rescues allowed where a name has no settings
-- ARGV[7]  the key, without the prefix
-- ARGV[8]  what its entries are: 'ready' | 'timed' | 'listed' (members of an index), 'field' (of a hash by id),
--          'member' (of a sorted set by id), 'turn', 'tag', 'line' (of a key of a name), 'run', 'pointer', 'held', 'log'
-- ARGV[9]  the name or the tag that the key ends with; empty for none
-- ARGV[10] of a line, and of runs, the key of the name; else empty
-- ARGV[11..]  the entries, 100 at most
--
-- Returns  { now, how many were looked at, and for each finding: code, subject, detail, 'mended' | 'mendable' | 'left' }
--          fewer are looked at than asked for, one at least, when the jobs are large: ask again for the rest
-- @include time
-- @include key
-- @include order
-- @step
-- @include writes
-- @include record
-- @include place
-- @include examine
-- @include judge-job
local rest, kind, text_of_key, key_of_name = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local key, HELD = prefix .. rest, prefix .. 'held'
local IS_HASH = { field = true, turn = true, pointer = true }

local function is_there(entry)
  if IS_HASH[kind] then return redis.call('HEXISTS', key, entry) == 1 end
  if kind == 'run' then return redis.call('SISMEMBER', key, entry) == 1 end
  return redis.call('ZSCORE', key, entry) ~= false
end

local function take_away(entry)
  if IS_HASH[kind] then return hdel(key, entry) end
  if kind == 'run' then return redis.call('SREM', key, entry) end
  zrem(key, entry)
end

local function id_of(entry)
  if kind == 'ready' or kind == 'line' then return string.sub(entry, READY_ID) end
  if kind == 'timed' then return string.match(entry, '^[^:]*:(.*)$') or '' end
  if kind == 'pointer' then return redis.call('HGET', key, entry) or '' end
  return entry
end

-- What a record and a lease say of a job, as far as they can be read.
local function told(id, record, state, entry)
  local asked_at, seq, priority, flags = asked(record)
  return {
    id = id, name = name_of(record), record = record, state = state, entry = entry, seq = seq, priority = priority, flags = flags,
    at = planned(asked_at, happened(state)),
  }
end

-- The member by which a job that waits stands in `ready`.
local function member_in_ready(job)
  local is_first = goes_first(job.flags)
  local line = is_lined(job.flags) and lines().of_job(job.id, job.name, job.record)
  local turn = line and lines().turn_of(job.id)
  if not turn then return ready_member(job.at, job.seq, job.priority, job.id, is_first) end
  local _, member = lines().by_turn(lines().spot(job.id, job.record, job.state), turn)
  return member
end

local function waits(job)
  return job.at and not job.entry and not has_flag(job.flags, FLAG.disabled)
end

local is_called_for = {}

function is_called_for.listed(job)
  return job.name == text_of_key
end

function is_called_for.ready(job, entry)
  return job.name == text_of_key and waits(job) and member_in_ready(job) == entry
end

function is_called_for.timed(job, entry)
  local member = waits(job) and timed_member(job.seq, job.priority, job.id, goes_first(job.flags))
  return job.name == text_of_key and member == entry
end

function is_called_for.turn(job)
  return is_lined(job.flags)
end

function is_called_for.tag(job)
  return has(own_facts(job.record).tags, text_of_key)
end

local function is_of_line(job)
  local line = is_lined(job.flags) and lines().of_job(job.id, job.name, job.record)
  return line and line == lines().of_key(text_of_key, key_of_name)
end

function is_called_for.line(job, entry)
  return is_of_line(job) and waits(job) and lines().spot(job.id, job.record, job.state).member == entry
end

function is_called_for.run(job)
  return is_of_line(job) and job.entry and true or false
end

function is_called_for.pointer(job, entry)
  return has(own_facts(job.record).keys, entry)
end

local CODES = { tag = 'broken-tag', line = 'broken-line', run = 'broken-line', turn = 'broken-line', pointer = 'broken-key' }

-- What a job has left behind that is gone.
local function judge_remains(id, entry)
  found('remains', id, rest, function()
    local held_name = rest == 'lease' and select(6, holder(redis.call('HGET', key, entry) or ''))
    if held_name then give_up(id, held_name) end
    take_away(entry)
    if kind == 'line' or kind == 'run' then lines().touch(lines().of_key(text_of_key, key_of_name)) end
  end)
end

local function judge_entry(entry, id, record, state, lease)
  if not is_there(entry) or kind == 'pointer' and redis.call('ZSCORE', HELD, entry) then return end
  if not record then return judge_remains(id, entry) end
  local job, is_right = told(id, record, state, lease), is_called_for[kind]
  -- Of what cannot be read the look at the job tells; when it lies among the dead nothing else is right.
  if not (job.seq and job.name) then
    local is_buried = job.name and not lease and redis.call('ZSCORE', index('dead', job.name), id)
    if not is_buried or rest == 'dead:' .. job.name or not (kind == 'ready' or kind == 'timed' or kind == 'listed') then return end
  elseif not is_right or is_right(job, entry) then
    return
  end
  found(CODES[kind] or 'misplaced', id, 'does not belong in ' .. rest, function()
    judge_job(id, record, state, lease)
    take_away(entry)
    if kind == 'line' or kind == 'run' then lines().touch(lines().of_key(text_of_key, key_of_name)) end
  end)
end

-- Entries that are of no job.
local function judge_other(entry)
  if not is_there(entry) then return end
  if kind == 'log' and not string.find(entry, LOG_ENTRY) then
    found('unknown-key', rest, ', though its name looks so: it has entries of somebody else')
    return
  end
  if kind == 'held' and redis.call('HEXISTS', POINTERS, entry) == 0 then
    found('broken-key', entry, 'is held, and leads nowhere', function() take_away(entry) end)
  elseif kind == 'log' and redis.call('HEXISTS', prefix .. 'logs', string.sub(entry, 1, 12)) == 0 then
    found('broken-log', rest, 'leads to an entry that is gone', function() take_away(entry) end)
  end
end

local entries, ids = {}, {}
for i = 11, #ARGV do
  entries[#entries + 1] = ARGV[i]
  ids[#ids + 1] = id_of(ARGV[i])
end
if kind == 'held' or kind == 'log' then
  for _, entry in ipairs(entries) do
    judge_other(entry)
  end
  looked_at(#entries)
else
  looked_at(read_some(ids, { JOBS, STATE, LEASE }, function(i, id, ...)
    judge_entry(entries[i], id, ...)
  end))
end
flush()
advance()
tell_all()
return reply
