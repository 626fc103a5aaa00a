// Generated from the .lua files beside it by `npm run generate`. Do not edit.

export const cancelJobs = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local removed, added, deleted, set = {}, {}, {}, {}
local function gather(table_, key)
  local list = table_[key]
  if not list then
    list = {}
    table_[key] = list
  end
  return list
end
local function zrem(key, member)
  local list = gather(removed, key)
  list[#list + 1] = member
end
local function zadd(key, score, member)
  local list = gather(added, key)
  list[#list + 1] = score
  list[#list + 1] = member
end
local function hdel(key, field)
  local list = gather(deleted, key)
  list[#list + 1] = field
end
local function hset(key, field, value)
  local list = gather(set, key)
  list[#list + 1] = field
  list[#list + 1] = value
end
local function carry_out(command, batch)
  for key, list in pairs(batch) do
    redis.call(command, key, unpack(list))
  end
end
local function flush()
  carry_out('ZREM', removed)
  carry_out('ZADD', added)
  carry_out('HDEL', deleted)
  carry_out('HSET', set)
  removed, added, deleted, set = {}, {}, {}, {}
end
local function number_or_nil(part)
  if part ~= 'null' then return tonumber(part) end
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local function name_of(spec)
  local quoted = string.match(spec, '^%[[^"]*("[^"]*")')
  if not quoted then return end
  if not string.find(quoted, '\\\\', 1, true) then return string.sub(quoted, 2, -2) end
  local ok, decoded = pcall(cjson.decode, '[' .. quoted .. ']')
  return ok and decoded[1] or nil
end
local function is_legible(spec)
  local _, seq = asked(spec)
  return seq ~= nil and name_of(spec) ~= nil
end
local function own_and_rest(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', '' end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, string.sub(spec, name_end + #own + 3)
end
local function count(part)
  return part and tonumber(part) or 0
end
local function happened(state)
  local facts = { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0 }
  if not state then return facts end
  local brace = string.find(state, '{', 1, true)
  if brace then facts.failure = string.sub(state, brace, -2) end
  local parts, n = {}, 0
  for part in string.gmatch(string.sub(state, 2, (brace or 0) - 1), '[^,%]]+') do
    n = n + 1
    parts[n] = part
  end
  facts.known = true
  facts.nextRunAt = number_or_nil(parts[1])
  facts.lastRunAt = number_or_nil(parts[2] or 'null')
  facts.lastFinishedAt = number_or_nil(parts[3] or 'null')
  facts.attempt = count(parts[4])
  facts.failCount = count(parts[5])
  facts.failedAt = number_or_nil(parts[6] or 'null')
  facts.rescueCount = count(parts[7])
  facts.releaseCount = count(parts[8])
  facts.occurrenceAt = number_or_nil(parts[9] or 'null')
  return facts
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt then
    return head .. ']'
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  return string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|(.+)$')
end
local DISABLED, RECURRING = 1, 2
local earliest = {}
local function ready_member(at, seq, id)
  return string.format('%012x%012x', math.max(at, 0), seq) .. id
end
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if flags % 4 >= RECURRING then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if flags % 2 == DISABLED then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), -priority, ready_member(at, seq, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    if not before or at < before then
      redis.call('ZADD', DUE, text(at), name)
      if not before or before > now then news[name] = at end
    end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
end
local function remove_keys(id, record)
  local own = own_and_rest(record)
  if own == '0' then return end
  local ok, facts = pcall(cjson.decode, own)
  for _, field in ipairs(ok and type(facts.keys) == 'table' and facts.keys or {}) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
  end
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_and_rest(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
local FIRST_STEP, LARGEST_STEP, READ_BYTES = 4, 16, 1048576
local function read_some(ids, hashes, each)
  local bytes, done, step = 0, 0, FIRST_STEP
  while done < #ids and bytes < READ_BYTES do
    local last, columns = math.min(done + step, #ids), {}
    for n, hash in ipairs(hashes) do
      columns[n] = redis.call('HMGET', hash, unpack(ids, done + 1, last))
    end
    for i = done + 1, last do
      local row = {}
      for n = 1, #hashes do
        row[n] = columns[n][i - done]
        bytes = bytes + (row[n] and #row[n] or 0)
      end
      each(i, ids[i], unpack(row, 1, #hashes))
    end
    done = last
    step = math.max(math.min(math.floor((READ_BYTES - bytes) * done / math.max(bytes, 1)), LARGEST_STEP), 1)
  end
  return done
end
redis.call('PERSIST', META)
local ids, seen, gone = {}, {}, { now_text, '0' }
for i = 8, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
local kept_ms = math.max(tonumber(ARGV[6]), 2 * tonumber(redis.call('HGET', META, 'longestLease') or 0))
local function tell_worker(id)
  redis.call('SET', prefix .. 'cancelled:' .. id, ARGV[5], 'PX', text(kept_ms))
  if ARGV[3] ~= '' then
    redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. ',"jobId":' .. cjson.encode(id) .. ',"reason":' .. cjson.encode(ARGV[5]) .. '}')
  end
end
local function leave_place(id, name, record, state)
  local asked_at, seq, priority = asked(record)
  if seq then
    displace(id, name, planned(asked_at, happened(state)), seq, priority)
    return
  end
  for _, place_name in ipairs({ 'parked', 'repeating', 'retrying', 'completed', 'dead' }) do
    zrem(index(place_name, name), id)
  end
end
local function names_of(record)
  local name = name_of(record)
  return name and { name } or redis.call('SRANDMEMBER', prefix .. 'names', 200)
end
local count = read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
  if not record or seen[id] then return end
  seen[id] = true
  if entry then
    zrem(LEASES, id)
    hdel(LEASE, id)
    tell_worker(id)
  end
  for _, name in ipairs(names_of(record)) do
    if entry then zrem(index('running', name), id) else leave_place(id, name, record, state) end
    zrem(index('disabled', name), id)
  end
  remove_keys(id, record)
  remember_gone(id, record, tonumber(ARGV[7]))
  remove_record(id, state)
  gone[#gone + 1] = id
end)
flush()
forget_gone(2 * #ids)
gone[2] = tostring(count)
return gone
`;

export const countJobs = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local reply = { now_text }
local function card(place, name)
  return redis.call('ZCARD', index(place, name))
end
local function due(place, name)
  return redis.call('ZCOUNT', index(place, name), '-inf', now_text)
end
for i = 3, #ARGV do
  local name = ARGV[i]
  local repeating, retrying = card('repeating', name), card('retrying', name)
  local waiting = card('ready', name) + card('timed', name) + card('parked', name)
  local claimable = card('ready', name) + due('timed', name)
  local queued = claimable + due('parked', name) - due('repeating', name) - due('retrying', name)
  local counts = {
    queued, waiting - repeating - retrying - queued, card('running', name), card('completed', name),
    card('dead', name) + retrying, repeating, card('disabled', name), claimable,
  }
  for _, count in ipairs(counts) do
    reply[#reply + 1] = count
  end
end
return reply
`;

export const disableJobs = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local removed, added, deleted, set = {}, {}, {}, {}
local function gather(table_, key)
  local list = table_[key]
  if not list then
    list = {}
    table_[key] = list
  end
  return list
end
local function zrem(key, member)
  local list = gather(removed, key)
  list[#list + 1] = member
end
local function zadd(key, score, member)
  local list = gather(added, key)
  list[#list + 1] = score
  list[#list + 1] = member
end
local function hdel(key, field)
  local list = gather(deleted, key)
  list[#list + 1] = field
end
local function hset(key, field, value)
  local list = gather(set, key)
  list[#list + 1] = field
  list[#list + 1] = value
end
local function carry_out(command, batch)
  for key, list in pairs(batch) do
    redis.call(command, key, unpack(list))
  end
end
local function flush()
  carry_out('ZREM', removed)
  carry_out('ZADD', added)
  carry_out('HDEL', deleted)
  carry_out('HSET', set)
  removed, added, deleted, set = {}, {}, {}, {}
end
local function number_or_nil(part)
  if part ~= 'null' then return tonumber(part) end
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local function name_of(spec)
  local quoted = string.match(spec, '^%[[^"]*("[^"]*")')
  if not quoted then return end
  if not string.find(quoted, '\\\\', 1, true) then return string.sub(quoted, 2, -2) end
  local ok, decoded = pcall(cjson.decode, '[' .. quoted .. ']')
  return ok and decoded[1] or nil
end
local function is_legible(spec)
  local _, seq = asked(spec)
  return seq ~= nil and name_of(spec) ~= nil
end
local function own_and_rest(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', '' end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, string.sub(spec, name_end + #own + 3)
end
local function count(part)
  return part and tonumber(part) or 0
end
local function happened(state)
  local facts = { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0 }
  if not state then return facts end
  local brace = string.find(state, '{', 1, true)
  if brace then facts.failure = string.sub(state, brace, -2) end
  local parts, n = {}, 0
  for part in string.gmatch(string.sub(state, 2, (brace or 0) - 1), '[^,%]]+') do
    n = n + 1
    parts[n] = part
  end
  facts.known = true
  facts.nextRunAt = number_or_nil(parts[1])
  facts.lastRunAt = number_or_nil(parts[2] or 'null')
  facts.lastFinishedAt = number_or_nil(parts[3] or 'null')
  facts.attempt = count(parts[4])
  facts.failCount = count(parts[5])
  facts.failedAt = number_or_nil(parts[6] or 'null')
  facts.rescueCount = count(parts[7])
  facts.releaseCount = count(parts[8])
  facts.occurrenceAt = number_or_nil(parts[9] or 'null')
  return facts
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt then
    return head .. ']'
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  return string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|(.+)$')
end
local DISABLED, RECURRING = 1, 2
local earliest = {}
local function ready_member(at, seq, id)
  return string.format('%012x%012x', math.max(at, 0), seq) .. id
end
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if flags % 4 >= RECURRING then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if flags % 2 == DISABLED then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), -priority, ready_member(at, seq, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    if not before or at < before then
      redis.call('ZADD', DUE, text(at), name)
      if not before or before > now then news[name] = at end
    end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
end
local FIRST_STEP, LARGEST_STEP, READ_BYTES = 4, 16, 1048576
local function read_some(ids, hashes, each)
  local bytes, done, step = 0, 0, FIRST_STEP
  while done < #ids and bytes < READ_BYTES do
    local last, columns = math.min(done + step, #ids), {}
    for n, hash in ipairs(hashes) do
      columns[n] = redis.call('HMGET', hash, unpack(ids, done + 1, last))
    end
    for i = done + 1, last do
      local row = {}
      for n = 1, #hashes do
        row[n] = columns[n][i - done]
        bytes = bytes + (row[n] and #row[n] or 0)
      end
      each(i, ids[i], unpack(row, 1, #hashes))
    end
    done = last
    step = math.max(math.min(math.floor((READ_BYTES - bytes) * done / math.max(bytes, 1)), LARGEST_STEP), 1)
  end
  return done
end
local ids, seen, found = {}, {}, 0
for i = 6, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
local function with_flags(record, flags)
  return (string.gsub(record, '^(%[[^,]+,[^,]+,[^,]+,[^,]+,)%d+', '%1' .. flags, 1))
end
local count = read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
  if not record or seen[id] or not is_legible(record) then return end
  seen[id] = true
  found = found + 1
  local name, facts = name_of(record), happened(state)
  local asked_at, seq, priority, flags = asked(record)
  local at = planned(asked_at, facts)
  local is_disabled = flags % 2 == DISABLED
  if is_disabled == (ARGV[5] == '1') then return end
  flags = flags + (is_disabled and -DISABLED or DISABLED)
  hset(JOBS, id, with_flags(record, flags))
  if is_disabled then zrem(index('disabled', name), id) else zadd(index('disabled', name), 0, id) end
  if not entry and at then
    displace(id, name, at, seq, priority)
    place(id, name, at, seq, priority, flags, facts)
  end
end)
flush()
advance()
return { now_text, count, found }
`;

export const enqueueJobs = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local removed, added, deleted, set = {}, {}, {}, {}
local function gather(table_, key)
  local list = table_[key]
  if not list then
    list = {}
    table_[key] = list
  end
  return list
end
local function zrem(key, member)
  local list = gather(removed, key)
  list[#list + 1] = member
end
local function zadd(key, score, member)
  local list = gather(added, key)
  list[#list + 1] = score
  list[#list + 1] = member
end
local function hdel(key, field)
  local list = gather(deleted, key)
  list[#list + 1] = field
end
local function hset(key, field, value)
  local list = gather(set, key)
  list[#list + 1] = field
  list[#list + 1] = value
end
local function carry_out(command, batch)
  for key, list in pairs(batch) do
    redis.call(command, key, unpack(list))
  end
end
local function flush()
  carry_out('ZREM', removed)
  carry_out('ZADD', added)
  carry_out('HDEL', deleted)
  carry_out('HSET', set)
  removed, added, deleted, set = {}, {}, {}, {}
end
local function number_or_nil(part)
  if part ~= 'null' then return tonumber(part) end
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local function name_of(spec)
  local quoted = string.match(spec, '^%[[^"]*("[^"]*")')
  if not quoted then return end
  if not string.find(quoted, '\\\\', 1, true) then return string.sub(quoted, 2, -2) end
  local ok, decoded = pcall(cjson.decode, '[' .. quoted .. ']')
  return ok and decoded[1] or nil
end
local function is_legible(spec)
  local _, seq = asked(spec)
  return seq ~= nil and name_of(spec) ~= nil
end
local function own_and_rest(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', '' end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, string.sub(spec, name_end + #own + 3)
end
local function count(part)
  return part and tonumber(part) or 0
end
local function happened(state)
  local facts = { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0 }
  if not state then return facts end
  local brace = string.find(state, '{', 1, true)
  if brace then facts.failure = string.sub(state, brace, -2) end
  local parts, n = {}, 0
  for part in string.gmatch(string.sub(state, 2, (brace or 0) - 1), '[^,%]]+') do
    n = n + 1
    parts[n] = part
  end
  facts.known = true
  facts.nextRunAt = number_or_nil(parts[1])
  facts.lastRunAt = number_or_nil(parts[2] or 'null')
  facts.lastFinishedAt = number_or_nil(parts[3] or 'null')
  facts.attempt = count(parts[4])
  facts.failCount = count(parts[5])
  facts.failedAt = number_or_nil(parts[6] or 'null')
  facts.rescueCount = count(parts[7])
  facts.releaseCount = count(parts[8])
  facts.occurrenceAt = number_or_nil(parts[9] or 'null')
  return facts
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt then
    return head .. ']'
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  return string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|(.+)$')
end
local DISABLED, RECURRING = 1, 2
local earliest = {}
local function ready_member(at, seq, id)
  return string.format('%012x%012x', math.max(at, 0), seq) .. id
end
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if flags % 4 >= RECURRING then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if flags % 2 == DISABLED then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), -priority, ready_member(at, seq, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    if not before or at < before then
      redis.call('ZADD', DUE, text(at), name)
      if not before or before > now then news[name] = at end
    end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
end
local KIND_WIDTH, WIDTH = 4, 3
local first = 7 + ARGV[6] * KIND_WIDTH
local count = (#ARGV - first + 1) / WIDTH
local ids = {}
for i = 1, count do
  ids[i] = ARGV[first + (i - 1) * WIDTH]
end
local MAX_BYTES = 1048576
local taken, bytes, last = {}, 0, 0
while last < count do
  local from = last + 1
  last = math.min(last + (last == 0 and 4 or 16), count)
  if bytes < MAX_BYTES then
    local records = redis.call('HMGET', JOBS, unpack(ids, from, last))
    for i = from, last do
      local record = records[i - from + 1]
      taken[i] = record
      if record then bytes = bytes + #record end
    end
  else
    for i = from, last do
      taken[i] = redis.call('HEXISTS', JOBS, ids[i]) == 1 and ''
    end
  end
end
local seq = redis.call('HINCRBY', META, 'seq', count) - count
local function due_at(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
local kinds, names = {}, {}
for i = 1, ARGV[6] do
  local due, priority, flags, name = unpack(ARGV, 3 + i * KIND_WIDTH, 6 + i * KIND_WIDTH)
  local at = due_at(due)
  kinds[i] = {
    at = at, priority = tonumber(priority), flags = tonumber(flags), name = name,
    head = '[' .. now_text .. ',' .. text(at - now) .. ',', middle = ',' .. priority .. ',' .. flags .. ',',
  }
  names[i] = name
end
local function nonce_in(part)
  return string.match(part, '^[^"]*"[^"]*",{"nonce":"(%x+)"')
end
local function was_mine(rest, record)
  local nonce = nonce_in(rest)
  if nonce then return nonce_in(record) == nonce end
  return ARGV[5] == 'repeat'
end
local function was_removed(id, rest)
  if ARGV[5] ~= 'repeat' then return false end
  local till = redis.call('ZSCORE', prefix .. 'gone', nonce_in(rest) or id)
  return till and tonumber(till) > now
end
local reply, fresh, sent = { now_text, text(soon) }, { attempt = 0 }, 0
local function except(i, word, record)
  local parts = { i, word, '', '', '', '' }
  if record and record ~= '' and sent < MAX_BYTES then
    parts[3] = record
    parts[4] = redis.call('HGET', STATE, ids[i]) or ''
    parts[5] = redis.call('HGET', LEASE, ids[i]) or ''
    parts[6] = redis.call('HGET', RESULTS, ids[i]) or ''
    sent = sent + #record + #parts[6]
  end
  for _, part in ipairs(parts) do
    reply[#reply + 1] = part
  end
end
local added_here, any = {}, false
for i = 1, count do
  local at_arg = first + (i - 1) * WIDTH
  local id, kind, rest = ids[i], kinds[tonumber(ARGV[at_arg + 1])], ARGV[at_arg + 2]
  local record = taken[i] or added_here[id]
  if record == '' then
    except(i, 'taken')
  elseif record then
    except(i, taken[i] and was_mine(rest, record) and 'mine' or 'existing', record)
  elseif was_removed(id, rest) then
    except(i, 'gone')
  else
    record = kind.head .. text(seq + i) .. kind.middle .. rest
    added_here[id] = record
    any = true
    hset(JOBS, id, record)
    place(id, kind.name, kind.at, seq + i, kind.priority, kind.flags, fresh)
  end
end
flush()
if any then redis.call('SADD', prefix .. 'names', unpack(names)) end
advance()
return reply
`;

export const getJobs = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local FIRST_STEP, LARGEST_STEP, READ_BYTES = 4, 16, 1048576
local function read_some(ids, hashes, each)
  local bytes, done, step = 0, 0, FIRST_STEP
  while done < #ids and bytes < READ_BYTES do
    local last, columns = math.min(done + step, #ids), {}
    for n, hash in ipairs(hashes) do
      columns[n] = redis.call('HMGET', hash, unpack(ids, done + 1, last))
    end
    for i = done + 1, last do
      local row = {}
      for n = 1, #hashes do
        row[n] = columns[n][i - done]
        bytes = bytes + (row[n] and #row[n] or 0)
      end
      each(i, ids[i], unpack(row, 1, #hashes))
    end
    done = last
    step = math.max(math.min(math.floor((READ_BYTES - bytes) * done / math.max(bytes, 1)), LARGEST_STEP), 1)
  end
  return done
end
local ids, reply = {}, { now_text }
for i = 3, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
read_some(ids, { JOBS, STATE, LEASE, RESULTS }, function(_, _, ...)
  for n = 1, 4 do
    reply[#reply + 1] = select(n, ...) or ''
  end
end)
return reply
`;

export const openStore = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local kind = redis.call('TYPE', META).ok
if kind ~= 'none' and kind ~= 'hash' then return { now_text, 'foreign', kind } end
if kind == 'none' and redis.call('EXISTS', prefix .. 'jobs:all') == 1 then
  return { now_text, 'foreign', 'the layout of another backend (it has a key jobs:all)' }
end
local reply, fits = { now_text }, true
for i = 4, #ARGV, 2 do
  if redis.call('HEXISTS', META, ARGV[i]) == 0 then redis.call('HSET', META, ARGV[i], ARGV[i + 1]) end
  reply[#reply + 1] = redis.call('HGET', META, ARGV[i])
  fits = fits and reply[#reply] == ARGV[i + 1]
end
if fits and tonumber(ARGV[3]) > tonumber(redis.call('HGET', META, 'goneMs') or 0) then
  redis.call('HSET', META, 'goneMs', ARGV[3])
end
return reply
`;

export const registerNames = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
redis.call('PERSIST', META)
for i = 3, #ARGV, 2 do
  redis.call('HSET', prefix .. 'settings', ARGV[i], ARGV[i + 1])
end
return { now_text }
`;

export const renewLeases = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local removed, added, deleted, set = {}, {}, {}, {}
local function gather(table_, key)
  local list = table_[key]
  if not list then
    list = {}
    table_[key] = list
  end
  return list
end
local function zrem(key, member)
  local list = gather(removed, key)
  list[#list + 1] = member
end
local function zadd(key, score, member)
  local list = gather(added, key)
  list[#list + 1] = score
  list[#list + 1] = member
end
local function hdel(key, field)
  local list = gather(deleted, key)
  list[#list + 1] = field
end
local function hset(key, field, value)
  local list = gather(set, key)
  list[#list + 1] = field
  list[#list + 1] = value
end
local function carry_out(command, batch)
  for key, list in pairs(batch) do
    redis.call(command, key, unpack(list))
  end
end
local function flush()
  carry_out('ZREM', removed)
  carry_out('ZADD', added)
  carry_out('HDEL', deleted)
  carry_out('HSET', set)
  removed, added, deleted, set = {}, {}, {}, {}
end
local function number_or_nil(part)
  if part ~= 'null' then return tonumber(part) end
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local function name_of(spec)
  local quoted = string.match(spec, '^%[[^"]*("[^"]*")')
  if not quoted then return end
  if not string.find(quoted, '\\\\', 1, true) then return string.sub(quoted, 2, -2) end
  local ok, decoded = pcall(cjson.decode, '[' .. quoted .. ']')
  return ok and decoded[1] or nil
end
local function is_legible(spec)
  local _, seq = asked(spec)
  return seq ~= nil and name_of(spec) ~= nil
end
local function own_and_rest(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', '' end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, string.sub(spec, name_end + #own + 3)
end
local function count(part)
  return part and tonumber(part) or 0
end
local function happened(state)
  local facts = { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0 }
  if not state then return facts end
  local brace = string.find(state, '{', 1, true)
  if brace then facts.failure = string.sub(state, brace, -2) end
  local parts, n = {}, 0
  for part in string.gmatch(string.sub(state, 2, (brace or 0) - 1), '[^,%]]+') do
    n = n + 1
    parts[n] = part
  end
  facts.known = true
  facts.nextRunAt = number_or_nil(parts[1])
  facts.lastRunAt = number_or_nil(parts[2] or 'null')
  facts.lastFinishedAt = number_or_nil(parts[3] or 'null')
  facts.attempt = count(parts[4])
  facts.failCount = count(parts[5])
  facts.failedAt = number_or_nil(parts[6] or 'null')
  facts.rescueCount = count(parts[7])
  facts.releaseCount = count(parts[8])
  facts.occurrenceAt = number_or_nil(parts[9] or 'null')
  return facts
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt then
    return head .. ']'
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  return string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|(.+)$')
end
local function refusal(id, entry, token, earliest_expiry, after_expiry)
  if not entry then
    return redis.call('HEXISTS', JOBS, id) == 1 and 'not-running' or 'not-found'
  end
  if not after_expiry and earliest_expiry and earliest_expiry <= now
    and tonumber(redis.call('ZSCORE', LEASES, id) or 0) <= now then
    return 'lease-expired'
  end
  if string.sub(entry, 1, #token + 1) ~= token .. '|' then return 'lease-mismatch' end
end
local function ended_already(id, kind)
  local name = name_of(redis.call('HGET', JOBS, id))
  if not name then return false end
  if redis.call('ZSCORE', index('completed', name), id) then
    return kind == 'completed' or kind == 'removed' or kind == 'bury'
  end
  return kind == 'bury' and redis.call('ZSCORE', index('dead', name), id)
end
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local FORGET_AFTER = 10
local function pass(lease_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  if last and now - last > longest and now >= held + longest then held = soon + longest end
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest
end
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
local ids = {}
for i = 5, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
end
local entries, first_expiry = redis.call('HMGET', LEASE, unpack(ids)), earliest_expiry()
for i, id in ipairs(ids) do
  local token = ARGV[4 + 2 * i]
  local word = refusal(id, entries[i], token, first_expiry, ARGV[4] == 'late')
  if word then
    lost(id, token, word)
  else
    local expiry = math.max(tonumber(redis.call('ZSCORE', LEASES, id)), soon + lease_ms)
    zadd(LEASES, text(expiry), id)
  end
end
flush()
return reply
`;

export const rescueJobs = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local removed, added, deleted, set = {}, {}, {}, {}
local function gather(table_, key)
  local list = table_[key]
  if not list then
    list = {}
    table_[key] = list
  end
  return list
end
local function zrem(key, member)
  local list = gather(removed, key)
  list[#list + 1] = member
end
local function zadd(key, score, member)
  local list = gather(added, key)
  list[#list + 1] = score
  list[#list + 1] = member
end
local function hdel(key, field)
  local list = gather(deleted, key)
  list[#list + 1] = field
end
local function hset(key, field, value)
  local list = gather(set, key)
  list[#list + 1] = field
  list[#list + 1] = value
end
local function carry_out(command, batch)
  for key, list in pairs(batch) do
    redis.call(command, key, unpack(list))
  end
end
local function flush()
  carry_out('ZREM', removed)
  carry_out('ZADD', added)
  carry_out('HDEL', deleted)
  carry_out('HSET', set)
  removed, added, deleted, set = {}, {}, {}, {}
end
local function number_or_nil(part)
  if part ~= 'null' then return tonumber(part) end
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local function name_of(spec)
  local quoted = string.match(spec, '^%[[^"]*("[^"]*")')
  if not quoted then return end
  if not string.find(quoted, '\\\\', 1, true) then return string.sub(quoted, 2, -2) end
  local ok, decoded = pcall(cjson.decode, '[' .. quoted .. ']')
  return ok and decoded[1] or nil
end
local function is_legible(spec)
  local _, seq = asked(spec)
  return seq ~= nil and name_of(spec) ~= nil
end
local function own_and_rest(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', '' end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, string.sub(spec, name_end + #own + 3)
end
local function count(part)
  return part and tonumber(part) or 0
end
local function happened(state)
  local facts = { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0 }
  if not state then return facts end
  local brace = string.find(state, '{', 1, true)
  if brace then facts.failure = string.sub(state, brace, -2) end
  local parts, n = {}, 0
  for part in string.gmatch(string.sub(state, 2, (brace or 0) - 1), '[^,%]]+') do
    n = n + 1
    parts[n] = part
  end
  facts.known = true
  facts.nextRunAt = number_or_nil(parts[1])
  facts.lastRunAt = number_or_nil(parts[2] or 'null')
  facts.lastFinishedAt = number_or_nil(parts[3] or 'null')
  facts.attempt = count(parts[4])
  facts.failCount = count(parts[5])
  facts.failedAt = number_or_nil(parts[6] or 'null')
  facts.rescueCount = count(parts[7])
  facts.releaseCount = count(parts[8])
  facts.occurrenceAt = number_or_nil(parts[9] or 'null')
  return facts
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt then
    return head .. ']'
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  return string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|(.+)$')
end
local DISABLED, RECURRING = 1, 2
local earliest = {}
local function ready_member(at, seq, id)
  return string.format('%012x%012x', math.max(at, 0), seq) .. id
end
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if flags % 4 >= RECURRING then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if flags % 2 == DISABLED then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), -priority, ready_member(at, seq, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    if not before or at < before then
      redis.call('ZADD', DUE, text(at), name)
      if not before or before > now then news[name] = at end
    end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
end
local function remove_keys(id, record)
  local own = own_and_rest(record)
  if own == '0' then return end
  local ok, facts = pcall(cjson.decode, own)
  for _, field in ipairs(ok and type(facts.keys) == 'table' and facts.keys or {}) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
  end
end
local function refusal(id, entry, token, earliest_expiry, after_expiry)
  if not entry then
    return redis.call('HEXISTS', JOBS, id) == 1 and 'not-running' or 'not-found'
  end
  if not after_expiry and earliest_expiry and earliest_expiry <= now
    and tonumber(redis.call('ZSCORE', LEASES, id) or 0) <= now then
    return 'lease-expired'
  end
  if string.sub(entry, 1, #token + 1) ~= token .. '|' then return 'lease-mismatch' end
end
local function ended_already(id, kind)
  local name = name_of(redis.call('HGET', JOBS, id))
  if not name then return false end
  if redis.call('ZSCORE', index('completed', name), id) then
    return kind == 'completed' or kind == 'removed' or kind == 'bury'
  end
  return kind == 'bury' and redis.call('ZSCORE', index('dead', name), id)
end
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_and_rest(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
local FORGET_AFTER = 10
local function pass(lease_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  if last and now - last > longest and now >= held + longest then held = soon + longest end
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest
end
local FIRST_STEP, LARGEST_STEP, READ_BYTES = 4, 16, 1048576
local function read_some(ids, hashes, each)
  local bytes, done, step = 0, 0, FIRST_STEP
  while done < #ids and bytes < READ_BYTES do
    local last, columns = math.min(done + step, #ids), {}
    for n, hash in ipairs(hashes) do
      columns[n] = redis.call('HMGET', hash, unpack(ids, done + 1, last))
    end
    for i = done + 1, last do
      local row = {}
      for n = 1, #hashes do
        row[n] = columns[n][i - done]
        bytes = bytes + (row[n] and #row[n] or 0)
      end
      each(i, ids[i], unpack(row, 1, #hashes))
    end
    done = last
    step = math.max(math.min(math.floor((READ_BYTES - bytes) * done / math.max(bytes, 1)), LARGEST_STEP), 1)
  end
  return done
end
redis.call('PERSIST', META)
local held = pass(tonumber(ARGV[6]))
redis.call('HSET', META, 'lastPass', now_text)
forget_gone(1000)
forget(prefix .. 'saved', 1000)
local first = earliest_expiry()
if held > now or not first or first > now then
  return { now_text, '', held > now and text(held) or '', first and text(first) or '' }
end
local ids, reply = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, tonumber(ARGV[5])), {}
local function max_rescues(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  return ok and type(decoded) == 'table' and tonumber(decoded.maxRescues)
end
local allowed = {}
local function rescues_allowed(name)
  if not allowed[name] then
    local settings = redis.call('HGET', prefix .. 'settings', name)
    allowed[name] = max_rescues(settings) or tonumber(ARGV[7])
  end
  return allowed[name]
end
local STALLED = '{"reason":"stalled","name":"StalledError","message":"The process that ran this job was lost, more often than maxRescues allows."}'
local function owner(id, entry, record)
  if entry then
    local _, _, locked_at, pending, host, name = holder(entry)
    if name then return locked_at, pending, host, name end
  end
  local name = record and name_of(record)
  if name and redis.call('ZSCORE', index('running', name), id) then return now_text, '', '', name end
end
local function answer(id, name, host, facts, outcome)
  hset(STATE, id, packed(facts))
  for _, part in ipairs({ id, name, host, tostring(facts.rescueCount), outcome }) do
    reply[#reply + 1] = part
  end
end
read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
  zrem(LEASES, id)
  hdel(LEASE, id)
  local locked_at, pending, host, name = owner(id, entry, record)
  if not name then return end
  zrem(index('running', name), id)
  if not record then
    remove_record(id, state)
    return
  end
  local asked_at, seq, priority, flags = asked(record)
  local facts = happened(state)
  local at = planned(asked_at, facts) or now
  facts.lastRunAt = tonumber(locked_at)
  facts.attempt = facts.attempt + 1
  facts.rescueCount = facts.rescueCount + 1
  if not seq then
    entomb(id, name, facts)
    return answer(id, name, host, facts, 'buried')
  end
  local outcome = facts.rescueCount > rescues_allowed(name) and 'buried' or 'requeued'
  if outcome == 'buried' and pending ~= '' then
    outcome, at, facts.occurrenceAt = 'requeued', tonumber(pending), nil
    facts.attempt, facts.rescueCount, facts.releaseCount = 0, 0, 0
  end
  if pending ~= '' and tonumber(pending) < at then
    at, facts.occurrenceAt = tonumber(pending), nil
  end
  if outcome == 'requeued' then
    facts.nextRunAt = at
    place(id, name, at, seq, priority, flags, facts)
  else
    facts.nextRunAt, facts.failedAt, facts.lastFinishedAt, facts.failure = nil, now, now, STALLED
    facts.occurrenceAt = nil
    zadd(index('dead', name), now_text, id)
  end
  answer(id, name, host, facts, outcome)
end)
flush()
advance()
local next_expiry = earliest_expiry()
local more = next_expiry and next_expiry <= now
return { now_text, more and '1' or '', '', next_expiry and text(next_expiry) or '', unpack(reply) }
`;

export const saveJob = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local removed, added, deleted, set = {}, {}, {}, {}
local function gather(table_, key)
  local list = table_[key]
  if not list then
    list = {}
    table_[key] = list
  end
  return list
end
local function zrem(key, member)
  local list = gather(removed, key)
  list[#list + 1] = member
end
local function zadd(key, score, member)
  local list = gather(added, key)
  list[#list + 1] = score
  list[#list + 1] = member
end
local function hdel(key, field)
  local list = gather(deleted, key)
  list[#list + 1] = field
end
local function hset(key, field, value)
  local list = gather(set, key)
  list[#list + 1] = field
  list[#list + 1] = value
end
local function carry_out(command, batch)
  for key, list in pairs(batch) do
    redis.call(command, key, unpack(list))
  end
end
local function flush()
  carry_out('ZREM', removed)
  carry_out('ZADD', added)
  carry_out('HDEL', deleted)
  carry_out('HSET', set)
  removed, added, deleted, set = {}, {}, {}, {}
end
local function number_or_nil(part)
  if part ~= 'null' then return tonumber(part) end
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local function name_of(spec)
  local quoted = string.match(spec, '^%[[^"]*("[^"]*")')
  if not quoted then return end
  if not string.find(quoted, '\\\\', 1, true) then return string.sub(quoted, 2, -2) end
  local ok, decoded = pcall(cjson.decode, '[' .. quoted .. ']')
  return ok and decoded[1] or nil
end
local function is_legible(spec)
  local _, seq = asked(spec)
  return seq ~= nil and name_of(spec) ~= nil
end
local function own_and_rest(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', '' end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, string.sub(spec, name_end + #own + 3)
end
local function count(part)
  return part and tonumber(part) or 0
end
local function happened(state)
  local facts = { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0 }
  if not state then return facts end
  local brace = string.find(state, '{', 1, true)
  if brace then facts.failure = string.sub(state, brace, -2) end
  local parts, n = {}, 0
  for part in string.gmatch(string.sub(state, 2, (brace or 0) - 1), '[^,%]]+') do
    n = n + 1
    parts[n] = part
  end
  facts.known = true
  facts.nextRunAt = number_or_nil(parts[1])
  facts.lastRunAt = number_or_nil(parts[2] or 'null')
  facts.lastFinishedAt = number_or_nil(parts[3] or 'null')
  facts.attempt = count(parts[4])
  facts.failCount = count(parts[5])
  facts.failedAt = number_or_nil(parts[6] or 'null')
  facts.rescueCount = count(parts[7])
  facts.releaseCount = count(parts[8])
  facts.occurrenceAt = number_or_nil(parts[9] or 'null')
  return facts
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt then
    return head .. ']'
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  return string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|(.+)$')
end
local DISABLED, RECURRING = 1, 2
local earliest = {}
local function ready_member(at, seq, id)
  return string.format('%012x%012x', math.max(at, 0), seq) .. id
end
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if flags % 4 >= RECURRING then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if flags % 2 == DISABLED then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), -priority, ready_member(at, seq, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    if not before or at < before then
      redis.call('ZADD', DUE, text(at), name)
      if not before or before > now then news[name] = at end
    end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_and_rest(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
local mode, id, key, name, due = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local priority, flags, rule = tonumber(ARGV[10]), tonumber(ARGV[11]), ARGV[15]
local SAVED = prefix .. 'saved'
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
local function settle_down(facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  zadd(index(failed and 'dead' or 'completed', name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
end
local function put(facts, at, seq)
  if at ~= facts.nextRunAt then facts.occurrenceAt = nil end
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
`;

export const settleAndClaim = `local now, soon, micros
if ARGV[2] == '' then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(ARGV[2])
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
local removed, added, deleted, set = {}, {}, {}, {}
local function gather(table_, key)
  local list = table_[key]
  if not list then
    list = {}
    table_[key] = list
  end
  return list
end
local function zrem(key, member)
  local list = gather(removed, key)
  list[#list + 1] = member
end
local function zadd(key, score, member)
  local list = gather(added, key)
  list[#list + 1] = score
  list[#list + 1] = member
end
local function hdel(key, field)
  local list = gather(deleted, key)
  list[#list + 1] = field
end
local function hset(key, field, value)
  local list = gather(set, key)
  list[#list + 1] = field
  list[#list + 1] = value
end
local function carry_out(command, batch)
  for key, list in pairs(batch) do
    redis.call(command, key, unpack(list))
  end
end
local function flush()
  carry_out('ZREM', removed)
  carry_out('ZADD', added)
  carry_out('HDEL', deleted)
  carry_out('HSET', set)
  removed, added, deleted, set = {}, {}, {}, {}
end
local function number_or_nil(part)
  if part ~= 'null' then return tonumber(part) end
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local function name_of(spec)
  local quoted = string.match(spec, '^%[[^"]*("[^"]*")')
  if not quoted then return end
  if not string.find(quoted, '\\\\', 1, true) then return string.sub(quoted, 2, -2) end
  local ok, decoded = pcall(cjson.decode, '[' .. quoted .. ']')
  return ok and decoded[1] or nil
end
local function is_legible(spec)
  local _, seq = asked(spec)
  return seq ~= nil and name_of(spec) ~= nil
end
local function own_and_rest(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', '' end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, string.sub(spec, name_end + #own + 3)
end
local function count(part)
  return part and tonumber(part) or 0
end
local function happened(state)
  local facts = { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0 }
  if not state then return facts end
  local brace = string.find(state, '{', 1, true)
  if brace then facts.failure = string.sub(state, brace, -2) end
  local parts, n = {}, 0
  for part in string.gmatch(string.sub(state, 2, (brace or 0) - 1), '[^,%]]+') do
    n = n + 1
    parts[n] = part
  end
  facts.known = true
  facts.nextRunAt = number_or_nil(parts[1])
  facts.lastRunAt = number_or_nil(parts[2] or 'null')
  facts.lastFinishedAt = number_or_nil(parts[3] or 'null')
  facts.attempt = count(parts[4])
  facts.failCount = count(parts[5])
  facts.failedAt = number_or_nil(parts[6] or 'null')
  facts.rescueCount = count(parts[7])
  facts.releaseCount = count(parts[8])
  facts.occurrenceAt = number_or_nil(parts[9] or 'null')
  return facts
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt then
    return head .. ']'
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  return string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|(.+)$')
end
local DISABLED, RECURRING = 1, 2
local earliest = {}
local function ready_member(at, seq, id)
  return string.format('%012x%012x', math.max(at, 0), seq) .. id
end
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if flags % 4 >= RECURRING then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if flags % 2 == DISABLED then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), -priority, ready_member(at, seq, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    if not before or at < before then
      redis.call('ZADD', DUE, text(at), name)
      if not before or before > now then news[name] = at end
    end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
end
local function remove_keys(id, record)
  local own = own_and_rest(record)
  if own == '0' then return end
  local ok, facts = pcall(cjson.decode, own)
  for _, field in ipairs(ok and type(facts.keys) == 'table' and facts.keys or {}) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
  end
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_and_rest(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
local function refusal(id, entry, token, earliest_expiry, after_expiry)
  if not entry then
    return redis.call('HEXISTS', JOBS, id) == 1 and 'not-running' or 'not-found'
  end
  if not after_expiry and earliest_expiry and earliest_expiry <= now
    and tonumber(redis.call('ZSCORE', LEASES, id) or 0) <= now then
    return 'lease-expired'
  end
  if string.sub(entry, 1, #token + 1) ~= token .. '|' then return 'lease-mismatch' end
end
local function ended_already(id, kind)
  local name = name_of(redis.call('HGET', JOBS, id))
  if not name then return false end
  if redis.call('ZSCORE', index('completed', name), id) then
    return kind == 'completed' or kind == 'removed' or kind == 'bury'
  end
  return kind == 'bury' and redis.call('ZSCORE', index('dead', name), id)
end
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
end
local function later(due, at)
  if due == '+0' then return at and math.min(at, now) or now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
local settle_as = {}
function settle_as.completed(facts, at, argument)
  facts.lastFinishedAt = math.max(now, (facts.failedAt or 0) + 1)
  facts.failCount = 0
  if argument == '' then
    facts.attempt = facts.attempt + 1
    return nil
  end
  facts.attempt, facts.rescueCount, facts.releaseCount = 0, 0, 0
  return tonumber(argument)
end
function settle_as.retry(facts, at, argument, body)
  facts.attempt = facts.attempt + 1
  facts.failCount = facts.failCount + 1
  facts.lastFinishedAt, facts.failedAt, facts.failure = now, now, body
  return later(argument, at)
end
settle_as['retry-fresh'] = function(facts, at, argument, body)
  local next_at = settle_as.retry(facts, at, argument, body)
  facts.attempt, facts.rescueCount, facts.releaseCount = 0, 0, 0
  return next_at
end
function settle_as.bury(facts, at, argument, body)
  settle_as.retry(facts, at, '+0', body)
  return nil
end
function settle_as.release(facts, at, argument)
  facts.releaseCount = facts.releaseCount + 1
  return later(argument, at)
end
function settle_as.skip(facts, at, argument)
  return tonumber(argument)
end
local RULED = 16
local function occurrence(kind, facts, flags, at, next_at, pending)
  local goes_on = kind == 'retry' or kind == 'release'
  if not goes_on or pending ~= '' or math.floor(flags / RULED) % 2 == 0 then return nil end
  return facts.occurrenceAt or (next_at ~= at and at or nil)
end
local function with_pending(kind, next_at, pending)
  if pending == '' then return next_at end
  local saved = tonumber(pending)
  if next_at and (kind == 'retry' or kind == 'release') then return math.min(next_at, saved) end
  return saved
end
local function settle(id, kind, argument, body, entry, state, gone_ms)
  local _, _, locked_at, pending, _, name = holder(entry)
  if not name then return 'lease-mismatch' end
  give_up(id, name)
  if kind == 'removed' and pending == '' then
    local record = string.find(argument, 'k', 1, true) and redis.call('HGET', JOBS, id)
    if record then remove_keys(id, record) end
    local age = string.match(argument, 'y(%d+)')
    if age and tonumber(age) <= gone_kept(gone_ms) then remember_gone(id, record, gone_ms) end
    remove_record(id, state)
    zrem(index('disabled', name), id)
    return
  end
  if kind == 'removed' then kind, argument = 'completed', '' end
  local done = kind == 'completed' and argument == '' and pending == ''
  if done and not state then
    zadd(index('completed', name), now_text, id)
    if body ~= '' then hset(RESULTS, id, body) end
    hset(STATE, id, '[null,' .. locked_at .. ',' .. now_text .. ',1]')
    return
  end
  local facts = happened(state)
  if kind ~= 'skip' then facts.lastRunAt = tonumber(locked_at) end
  if done then
    settle_as.completed(facts, nil, '')
    facts.nextRunAt = nil
    zadd(index('completed', name), text(facts.lastFinishedAt), id)
  else
    local record = redis.call('HGET', JOBS, id)
    if not record then
      remove_record(id, state)
      return 'not-found'
    end
    local asked_at, seq, priority, flags = asked(record)
    local at = planned(asked_at, facts)
    local next_at = with_pending(kind, settle_as[kind](facts, at, argument, body), pending)
    facts.occurrenceAt = occurrence(kind, facts, flags or 0, at, next_at, pending)
    facts.nextRunAt = next_at
    if next_at and not seq then
      entomb(id, name, facts)
    elseif next_at then
      place(id, name, next_at, seq, priority, flags, facts)
    else
      zadd(index(kind == 'bury' and 'dead' or 'completed', name), now_text, id)
    end
  end
  if kind == 'completed' then
    if body ~= '' then hset(RESULTS, id, body) elseif state then hdel(RESULTS, id) end
  end
  hset(STATE, id, packed(facts))
end
local PROMOTE_LIMIT, MAX_BYTES = 50, 1048576
local promoted, promotions_left = {}, PROMOTE_LIMIT
local function promote(name)
  if promoted[name] then return end
  promoted[name] = true
  if promotions_left == 0 then return end
  local timed = index('timed', name)
  local due = redis.call('ZRANGEBYSCORE', timed, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, promotions_left)
  if not due[1] then return end
  promotions_left = promotions_left - #due / 2
  for i = 1, #due, 2 do
    local seq, priority, id = string.match(due[i], '^(%x%x%x%x%x%x%x%x%x%x%x%x)([^:]*):(.*)$')
    zrem(timed, due[i])
    zadd(index('ready', name), -(tonumber(priority) or 0), ready_member(tonumber(due[i + 1]), tonumber(seq, 16), id))
  end
  flush()
end
local function recede(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return end
  local head = redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2]
  if head then
    redis.call('ZADD', DUE, head, name)
  else
    redis.call('ZREM', DUE, name)
  end
end
local FIRST_READ = 4
local bytes, read = 0, 0
local function next_read(left)
  if read == 0 then return math.min(left, FIRST_READ) end
  return math.min(left, math.max(math.floor((MAX_BYTES - bytes) * read / math.max(bytes, 1)), 1))
end
local function take_ready(name, want, take)
  promote(name)
  local ready, taken, from = index('ready', name), 0, 1
  local repeating, retrying = index('repeating', name), index('retrying', name)
  local members = redis.call('ZRANGE', ready, 0, want - 1)
  local counted_apart = members[1] and redis.call('EXISTS', repeating, retrying) > 0
  while from <= #members and bytes < MAX_BYTES do
    local count, ids = next_read(#members - from + 1), {}
    for i = 1, count do
      ids[i] = string.sub(members[from + i - 1], 25)
    end
    local records, states = redis.call('HMGET', JOBS, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
    for i, id in ipairs(ids) do
      local record, state = records[i], states[i]
      zrem(ready, members[from + i - 1])
      if counted_apart then
        zrem(repeating, id)
        zrem(retrying, id)
      end
      if record then
        bytes = bytes + #record + (state and #state or 0)
        read = read + 1
        taken = taken + 1
        take(id, record, state, name)
      end
    end
    from = from + count
  end
  flush()
  return taken
end
local function due_names(names)
  local found = redis.call('ZRANGEBYSCORE', DUE, '-inf', now_text, 'LIMIT', 0, 100)
  local due, list = {}, {}
  for _, name in ipairs(found) do
    due[name] = true
  end
  for _, name in ipairs(names) do
    local is_due = due[name]
    if not is_due and #found == 100 then
      is_due = tonumber(redis.call('ZSCORE', DUE, name) or 'inf') <= now
    end
    if is_due then list[#list + 1] = name end
  end
  return list
end
local function due_in(names)
  local first
  if #names <= 5 then
    for _, name in ipairs(names) do
      local at = tonumber(redis.call('ZSCORE', DUE, name))
      if at and (not first or at < first) then first = at end
    end
  else
    local asked_for = {}
    for _, name in ipairs(names) do
      asked_for[name] = true
    end
    local found = redis.call('ZRANGE', DUE, 0, 99, 'WITHSCORES')
    for i = 1, #found, 2 do
      if asked_for[found[i]] then
        first = tonumber(found[i + 1])
        break
      end
    end
    if not first and #found == 200 then
      for _, name in ipairs(names) do
        local at = tonumber(redis.call('ZSCORE', DUE, name))
        if at and (not first or at < first) then first = at end
      end
    end
  end
  return first and math.max(first - now, 0)
end
local FORGET_AFTER = 10
local function pass(lease_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  if last and now - last > longest and now >= held + longest then held = soon + longest end
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest
end
local claim_id, host, lease_ms, slots = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local gone_ms, settlements = tonumber(ARGV[9]), tonumber(ARGV[10])
local memory = prefix .. 'claim:' .. host .. ':' .. ARGV[11]
local function or_empty(value)
  return value and text(value) or ''
end
local function still_held(claimed_by, ids, each)
  local n = 0
  for id in string.gmatch(ids, '[^\\n]+') do
    n = n + 1
    local entry, token = redis.call('HGET', LEASE, id), claimed_by .. ':' .. n .. '|'
    if entry and string.sub(entry, 1, #token) == token then each(n, id, entry) end
  end
end
local function parts_of(remembered)
  return string.match(remembered, '^(%x+)\\n([^\\n]*)\\n([^\\n]*)\\n(.*)$')
end
local function take_back(remembered)
  local claimed_by, _, _, ids = parts_of(remembered)
  still_held(claimed_by, ids, function(_, id, entry)
    local _, _, _, pending, _, name = holder(entry)
    local record = redis.call('HGET', JOBS, id)
    local asked_at, seq, priority, flags = asked(record or '')
    if not name or not seq then return end
    give_up(id, name)
    local facts = happened(redis.call('HGET', STATE, id))
    local at = planned(asked_at, facts)
    if pending ~= '' then
      at, facts.nextRunAt, facts.occurrenceAt = tonumber(pending), tonumber(pending), nil
      hset(STATE, id, packed(facts))
    end
    place(id, name, at or now, seq, priority, flags, facts)
  end)
  flush()
  advance()
end
local function same_again(remembered)
  local _, words, fence, ids = parts_of(remembered)
  local answers, jobs, expiry, claimed_at = {}, {}, nil, ''
  for word in string.gmatch(words, '%S+') do
    answers[#answers + 1] = word
  end
  still_held(claim_id, ids, function(n, id, entry)
    local _, _, locked_at = holder(entry)
    local record, score = redis.call('HGET', JOBS, id), tonumber(redis.call('ZSCORE', LEASES, id))
    if not locked_at or not record or not score then return end
    claimed_at = locked_at
    expiry = math.min(expiry or math.huge, score)
    for _, part in ipairs({ tostring(n), id, record, redis.call('HGET', STATE, id) or '' }) do
      jobs[#jobs + 1] = part
    end
  end)
  return { now_text, answers, '0', or_empty(earliest_expiry()), fence, or_empty(expiry), jobs, claimed_at }
end
local remembered = redis.call('GET', memory)
if remembered and string.sub(remembered, 1, #claim_id + 1) == claim_id .. '\\n' then return same_again(remembered) end
redis.call('DEL', memory)
if remembered and ARGV[12] ~= '-' and parts_of(remembered) ~= ARGV[12] then take_back(remembered) end
local manners = {}
local function manner(text_of_it)
  local how = manners[text_of_it]
  if not how then
    local kind, late, argument = string.match(text_of_it, '^(%S+) (%S+) (.*)$')
    how = { kind = kind, late = late == 'late', argument = argument }
    manners[text_of_it] = how
  end
  return how
end
local answers, all_ok = {}, true
if settlements > 0 then
  local ids, seen = {}, {}
  for i = 1, settlements do
    ids[i] = ARGV[9 + i * 4]
  end
  local entries, states = redis.call('HMGET', LEASE, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
  local first_expiry, young = earliest_expiry(), false
  for i = 1, settlements do
    local id, token, how, body = ids[i], ARGV[10 + i * 4], manner(ARGV[11 + i * 4]), ARGV[12 + i * 4]
    if seen[id] then
      flush()
      entries[i], states[i] = redis.call('HGET', LEASE, id), redis.call('HGET', STATE, id)
    end
    seen[id] = true
    local word = refusal(id, entries[i], token, first_expiry, how.late)
    if not word then
      word = settle(id, how.kind, how.argument, body, entries[i], states[i], gone_ms)
      young = young or how.kind == 'removed'
    elseif word == 'not-running' and ended_already(id, how.kind) then
      word = nil
    end
    answers[i] = word or 'ok'
    all_ok = all_ok and not word
  end
  flush()
  if young then forget_gone(2 * settlements) end
  advance()
end
local held, fence = pass(lease_ms)
fence = math.max(fence + 1, micros)
local expiry, jobs, ids = soon + lease_ms, {}, {}
local expiry_text, held_by = text(expiry), '|' .. now_text .. '||' .. host .. '|'
local function take(id, record, state, name)
  local n = #ids + 1
  ids[n] = id
  hset(LEASE, id, claim_id .. ':' .. n .. '|' .. text(fence + n - 1) .. held_by .. name)
  zadd(LEASES, expiry_text, id)
  zadd(index('running', name), now_text, id)
  local last = #jobs
  jobs[last + 1], jobs[last + 2], jobs[last + 3], jobs[last + 4] = tostring(n), id, record, state or ''
end
local asked_for, free = {}, {}
for i = 13 + settlements * 4, #ARGV, 2 do
  asked_for[#asked_for + 1] = ARGV[i]
  free[ARGV[i]] = tonumber(ARGV[i + 1])
end
local until_due = ''
if slots > 0 then
  local due = due_names(asked_for)
  local share, full = math.max(math.floor(slots / math.max(#due, 1)), 1), {}
  for _, name in ipairs(due) do
    local want = math.min(share, free[name], slots)
    if want > 0 then
      local got = take_ready(name, want, take)
      slots, free[name] = slots - got, free[name] - got
      if got == want and free[name] > 0 then full[#full + 1] = name end
    end
  end
  for _, name in ipairs(full) do
    local want = math.min(free[name], slots)
    if want > 0 then
      local got = take_ready(name, want, take)
      slots, free[name] = slots - got, free[name] - got
    end
  end
  for _, name in ipairs(due) do
    if promoted[name] then recede(name) end
  end
  if slots > 0 then
    local open = {}
    for _, name in ipairs(asked_for) do
      if free[name] > 0 then open[#open + 1] = name end
    end
    until_due = or_empty(due_in(open))
  end
end
redis.call('HSET', META, 'lastPass', now_text, 'fence', text(fence + math.max(#ids, 1) - 1))
if #ids > 0 or settlements > 0 then
  local words = all_ok and '' or table.concat(answers, ' ')
  redis.call('SET', memory, claim_id .. '\\n' .. words .. '\\n' .. text(fence) .. '\\n' .. table.concat(ids, '\\n'), 'PX', 2 * lease_ms + 60000)
end
return { now_text, all_ok and {} or answers, until_due, or_empty(earliest_expiry()), text(fence), text(expiry), jobs, now_text }
`;
