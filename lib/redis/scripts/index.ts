// Generated from the .lua files beside it by `npm run generate`. Do not edit.

export const cancelJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
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
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local log_exists, drop_log_of
local function remove_log(id)
  if log_exists == nil then log_exists = redis.call('HEXISTS', META, 'logSeq') == 1 end
  if not log_exists then return end
  if not drop_log_of then
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
    forget_removed()
    drop_log_of = function(job_id)
      zadd(REMOVED, now_text, job_id)
      drop_log(job_id)
    end
  end
  drop_log_of(id)
end
local function remove_keys(id, record, why)
  for _, field in ipairs(own_facts(record).keys) do
    local held_until = why == 'retention' and redis.call('ZSCORE', prefix .. 'held', field)
    local is_held = held_until and tonumber(held_until) > now
    if not is_held and redis.call('HGET', prefix .. 'keys', field) == id then
      hdel(prefix .. 'keys', field)
      zrem(prefix .. 'held', field)
    end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
    drop(prefix .. 'history:' .. id)
    zrem(prefix .. 'leaving', id)
  end
  remove_log(id)
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
redis.call('PERSIST', META)
if ARGV[8] == 'keep' then log_exists = false end
local ids, seen, gone = {}, {}, { now_text, '', '' }
for i = 9, #ARGV do
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
  remove_keys(id, record, 'cancelled')
  remember_gone(id, record, tonumber(ARGV[7]))
  remove_record(id, state)
  gone[#gone + 1] = id
end)
flush()
forget_gone(2 * #ids)
gone[2] = tostring(count)
if log_exists and redis.call('EXISTS', prefix .. 'logs:leaving') == 1 then gone[3] = '1' end
return gone
`;

export const claimOne = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local FORGET_AFTER = 10
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local function pass(lease_ms, pace_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt', 'watchedUntil', 'logSeq')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  local was_away = last and now - last > longest
  if was_away and (last >= held or now >= held + math.max(longest, 2 * (pace_ms or 0))) then held = soon + longest end
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest, tonumber(meta[6] or 0) > now, meta[7] ~= false
end
local function max_rescues(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  return ok and type(decoded) == 'table' and tonumber(decoded.maxRescues)
end
local allowed = {}
local function rescues_allowed(name, otherwise)
  if not allowed[name] then
    local settings = redis.call('HGET', prefix .. 'settings', name)
    allowed[name] = max_rescues(settings) or otherwise
  end
  return allowed[name]
end
local RESCUE_COUNT = '^%[' .. string.rep('[^,]*,', 6) .. '(%d+)'
local function is_last_start(name, state, rescues_otherwise)
  local count = state and tonumber(string.match(state, RESCUE_COUNT) or 0)
  if not count or count == 0 then return false end
  local most = rescues_allowed(name, rescues_otherwise)
  return most >= 1 and count >= most
end
local token, host, lease_ms, id = ARGV[5] .. ':1', ARGV[6], tonumber(ARGV[7]), ARGV[8]
local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
local asked_at, seq, priority = asked(record or '')
local name = seq and name_of(record)
if not name then return { now_text, 'not-found' } end
local function mark(of_state)
  return is_last_start(name, of_state, tonumber(ARGV[9])) and '!' or ''
end
local entry = redis.call('HGET', LEASE, id)
if entry then
  local held_by, fence, locked_at = holder(entry)
  local expiry = redis.call('ZSCORE', LEASES, id)
  if held_by ~= token or not expiry then return { now_text, 'lease-mismatch' } end
  return { now_text, 'ok', fence, expiry, locked_at, record, state or '', mark(state) }
end
redis.call('PERSIST', META)
local _, last_fence = pass(lease_ms)
local fence, expiry = text(math.max(last_fence + 1, micros)), text(soon + lease_ms)
redis.call('HSET', META, 'lastPass', now_text, 'fence', fence)
local facts = happened(state)
local planned_at = planned(asked_at, facts)
displace(id, name, planned_at, seq, priority)
if not planned_at and facts.known then
  begin_anew(facts)
  state = packed(facts)
  hset(STATE, id, state)
end
hset(LEASE, id, lease_entry(token, fence, now_text, '', host, name, '', ''))
zadd(LEASES, expiry, id)
zadd(index('running', name), now_text, id)
flush()
return { now_text, 'ok', fence, expiry, now_text, record, state or '', mark(state) }
`;

export const claimRow = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FORGET_AFTER = 10
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local function pass(lease_ms, pace_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt', 'watchedUntil', 'logSeq')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  local was_away = last and now - last > longest
  if was_away and (last >= held or now >= held + math.max(longest, 2 * (pace_ms or 0))) then held = soon + longest end
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest, tonumber(meta[6] or 0) > now, meta[7] ~= false
end
local name, ahead, silent, rescues = ARGV[5], tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
local RESCUE_LIMIT, EQUALS_LIMIT, LOST_LIMIT, LOST_PAGE, LOST_PAGES, GHOSTS = 100, 50, 4, 100, 10, 10
local has_passed = false
local function pass_by()
  if has_passed then return 0 end
  has_passed = true
  redis.call('PERSIST', META)
  local held_until = pass(tonumber(ARGV[8]), ahead)
  redis.call('HSET', META, 'lastPass', now_text)
  return held_until
end
local due_at = tonumber(redis.call('ZSCORE', DUE, name))
local may_be_due = due_at and due_at <= now + ahead
local silent_ids = redis.call('ZRANGEBYSCORE', index('running', name), '-inf', text(now - silent), 'LIMIT', 0, LOST_LIMIT)
local first_expiry = tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
local has_expired = first_expiry and first_expiry <= now
if not may_be_due and not silent_ids[1] and not has_expired and ARGV[9] == '' then
  if first_expiry then pass_by() end
  return { now_text }
end
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local function lock_plainly(id, name, locked_at, pending)
  locked_at = text(math.max(locked_at, 0))
  hset(LEASE, id, lease_entry('', '0', locked_at, pending, '', name, 'l', ''))
  zadd(index('running', name), locked_at, id)
end
local function has_begun(run)
  return run == '' or string.sub(run, 1, 1) == 's'
end
local function own_time(run, planned_at)
  local kept = string.match(run, '^[cs](%-?%d+)$')
  if kept then return tonumber(kept) end
  if run ~= 's' then return planned_at end
end
local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end
local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
end
local TRAILING, OVERDUE = 0, 1
local function is_leading(facts)
  return facts.windowEnd > OVERDUE
end
local function close_window(facts, began_at)
  if facts.windowAt and not is_leading(facts) and began_at > facts.windowAt then facts.windowAt = nil end
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
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local log_exists, drop_log_of
local function remove_log(id)
  if log_exists == nil then log_exists = redis.call('HEXISTS', META, 'logSeq') == 1 end
  if not log_exists then return end
  if not drop_log_of then
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
    forget_removed()
    drop_log_of = function(job_id)
      zadd(REMOVED, now_text, job_id)
      drop_log(job_id)
    end
  end
  drop_log_of(id)
end
local function remove_keys(id, record, why)
  for _, field in ipairs(own_facts(record).keys) do
    local held_until = why == 'retention' and redis.call('ZSCORE', prefix .. 'held', field)
    local is_held = held_until and tonumber(held_until) > now
    if not is_held and redis.call('HGET', prefix .. 'keys', field) == id then
      hdel(prefix .. 'keys', field)
      zrem(prefix .. 'held', field)
    end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
    drop(prefix .. 'history:' .. id)
    zrem(prefix .. 'leaving', id)
  end
  remove_log(id)
end
local PROMOTE_LIMIT = 50
local promoted, promotions_left = {}, PROMOTE_LIMIT
local function seq_priority_id(member)
  local priority, id = string.match(member, '^([^:]*):(.*)$', 13)
  return tonumber(string.sub(member, 1, 12), 16), tonumber(priority) or 0, id
end
local function promote(name)
  if promoted[name] then return end
  promoted[name] = true
  if promotions_left == 0 then return end
  local timed = index('timed', name)
  local due = redis.call('ZRANGEBYSCORE', timed, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, promotions_left)
  if not due[1] then return end
  promotions_left = promotions_left - #due / 2
  for i = 1, #due, 2 do
    local seq, priority, id = seq_priority_id(due[i])
    zrem(timed, due[i])
    local at = tonumber(due[i + 1])
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  end
  flush()
end
local function recede(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return false end
  local head = redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2]
  if head then
    redis.call('ZADD', DUE, head, name)
  else
    redis.call('ZREM', DUE, name)
  end
  return true
end
local function max_rescues(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  return ok and type(decoded) == 'table' and tonumber(decoded.maxRescues)
end
local allowed = {}
local function rescues_allowed(name, otherwise)
  if not allowed[name] then
    local settings = redis.call('HGET', prefix .. 'settings', name)
    allowed[name] = max_rescues(settings) or otherwise
  end
  return allowed[name]
end
local HISTORY_LENGTH = 20
local function part_of_entry(value)
  return value and text(value) or 'null'
end
local function history_entry(kind, attempt, planned_at, started_at, ended_at, host, failure)
  return '["' .. string.sub(kind, 1, 1) .. '",' .. attempt .. ',' .. part_of_entry(planned_at) .. ',' .. part_of_entry(started_at)
    .. ',' .. text(ended_at) .. ',' .. cjson.encode(host) .. (failure and ',' .. failure or '') .. ']'
end
local function told_by(facts)
  local ended_at, started_at = facts.lastFinishedAt, facts.lastRunAt
  if not ended_at then return end
  if started_at and started_at > ended_at then started_at = nil end
  local failed = facts.failedAt and facts.failedAt >= ended_at
  local kind = failed and (facts.nextRunAt and 'failed' or 'dead') or 'completed'
  return history_entry(kind, math.max(facts.attempt, 1), nil, started_at, ended_at, '', failed and facts.failure)
end
local function chronicle(id, entry, told)
  at_flush(function()
    local key = prefix .. 'history:' .. id
    local length = redis.pcall('LPUSH', key, entry)
    if type(length) ~= 'number' then return end
    if length == 1 and told then redis.call('RPUSH', key, told) end
    if length > HISTORY_LENGTH then redis.call('LTRIM', key, 0, HISTORY_LENGTH - 1) end
  end)
end
local function end_own_way(id, record, place)
  local facts = own_facts(record)
  for _, field in ipairs(facts.frees) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
  local retention = facts.overrides.retention
  local kept_ms = type(retention) == 'table' and retention[place == 'dead' and 'failed' or 'completed']
  zrem(prefix .. 'leaving', id)
  if type(kept_ms) == 'number' then zadd(prefix .. 'leaving', text(soon + math.ceil(kept_ms)), id) end
end
local STALLED = '{"reason":"stalled","name":"StalledError","message":"The process that ran this job was lost, more often than maxRescues allows."}'
local function owner(id, entry, record)
  if entry then
    local _, _, locked_at, pending, host, name, run, progress = holder(entry)
    if name then return { locked_at = locked_at, pending = pending, host = host, run = run }, name, progress end
  end
  local name = record and name_of(record)
  if name and redis.call('ZSCORE', index('running', name), id) then
    return { locked_at = now_text, pending = '', host = '', run = '' }, name, ''
  end
end
local function lose(id, name, facts, lease, planned_at, rescues_otherwise)
  local run = lease.run
  local own_at, saved, outcome = own_time(run, planned_at), tonumber(lease.pending), nil
  local at = earlier(own_at, saved)
  facts.nextRunAt = own_at
  local before = told_by(facts)
  if run == '' then
    facts.lastRunAt = tonumber(lease.locked_at)
    close_window(facts, facts.lastRunAt)
  end
  if has_begun(run) then
    at, outcome = earlier(own_at or now, saved), 'requeued'
    facts.attempt = facts.attempt + 1
    facts.rescueCount = facts.rescueCount + 1
    local attempt, is_spent = facts.attempt, facts.rescueCount > rescues_allowed(name, rescues_otherwise)
    if is_spent and saved then
      at = saved
      begin_anew(facts)
    elseif is_spent then
      at, outcome = nil, 'buried'
      facts.failedAt, facts.lastFinishedAt, facts.failure = now, now, STALLED
    end
    local failure = outcome == 'buried' and STALLED
    chronicle(id, history_entry('rescued', attempt, own_at, facts.lastRunAt, now, lease.host, failure), before)
  end
  if at ~= own_at then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  return at, outcome
end
local function rescue(limit, rescues_otherwise, told)
  local ids = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, limit)
  read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
    local lease, name, progress = owner(id, entry, record)
    zrem(LEASES, id)
    hdel(LEASE, id)
    if not name then return end
    zrem(index('running', name), id)
    if not record then
      remove_record(id, state)
      return
    end
    local asked_at, seq, priority, flags = asked(record)
    local facts = happened(state)
    local planned_at = planned(asked_at, facts)
    if progress ~= '' then facts.progress = tonumber(progress) end
    local at, outcome = lose(id, name, facts, lease, planned_at, rescues_otherwise)
    if not seq then
      outcome = 'buried'
      entomb(id, name, facts)
    else
      put_down(id, name, at, seq, priority, flags, facts)
      if outcome == 'buried' and has_flag(flags, FLAG.ends_its_own_way) then end_own_way(id, record, 'dead') end
    end
    if outcome or at ~= planned_at then hset(STATE, id, packed(facts)) end
    if outcome then told(id, name, lease.host, facts.rescueCount, outcome) end
  end)
  flush()
  advance()
end
local token, HANDED = ARGV[6] .. ':1', prefix .. 'handed:' .. ARGV[6]
local function row_reply(id, record, state, entry)
  return { now_text, id, record, state or '', entry }
end
local function row_of_earlier_try()
  local id = ARGV[9] == 'repeat' and redis.call('GET', HANDED)
  local entry = id and redis.call('HGET', LEASE, id)
  local record = entry and redis.call('HGET', JOBS, id)
  if record and string.sub(entry, 1, #token + 1) == token .. '|' then
    return row_reply(id, record, redis.call('HGET', STATE, id), entry)
  end
end
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
local function candidate(id, record, state)
  local asked_at, seq, priority, flags = asked(record or '')
  if not seq then return end
  local facts = happened(state)
  local planned_at = planned(asked_at, facts)
  return {
    id = id, record = record, state = state, facts = facts, planned_at = planned_at, at = planned_at or now,
    seq = seq, priority = priority, flags = flags,
  }
end
local function first_in_order(members)
  local best, best_priority, best_id
  for _, member in ipairs(members) do
    local _, priority, id = seq_priority_id(member)
    if not best or comes_first(priority, best_priority) then best, best_priority, best_id = member, priority, id end
  end
  return best, best_id
end
local function head_of_line()
  local ready, timed = index('ready', name), index('timed', name)
  local member = redis.call('ZRANGE', ready, 0, 0)[1]
  if member then return ready, member, string.sub(member, READY_ID) end
  local at = redis.call('ZRANGEBYSCORE', timed, '-inf', text(now + ahead), 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if at then return timed, first_in_order(redis.call('ZRANGEBYSCORE', timed, at, at, 'LIMIT', 0, EQUALS_LIMIT)) end
end
local has_looked = false
local function first_free()
  if tonumber(redis.call('ZSCORE', DUE, name) or 'inf') > now + ahead then return end
  has_looked = true
  promote(name)
  for _ = 1, GHOSTS do
    local line, member, id = head_of_line()
    if not id then return end
    local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
    local free = candidate(id, record, state)
    if free and free.at > now + ahead then return end
    if free then
      free.line, free.member = line, member
      return free
    end
    zrem(line, member)
    if record then
      local facts = happened(state)
      entomb(id, name, facts)
      hset(STATE, id, packed(facts))
    end
    flush()
  end
end
local function lost_row(id, entry)
  local _, _, locked_at, pending, host, held, run = holder(entry or '')
  if not held or run == '' or redis.call('ZSCORE', index('disabled', name), id) then return end
  local lost = candidate(id, redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id))
  if not lost then return end
  lost.locked_at, lost.pending, lost.host, lost.run = locked_at, pending, host, run
  lost.at = own_time(run, lost.planned_at) or lost.planned_at or tonumber(locked_at)
  return lost
end
local function lost_rows()
  local since, found = text(now - silent), {}
  for page = 0, LOST_PAGES - 1 do
    local ids = redis.call('ZRANGEBYSCORE', index('running', name), '-inf', since, 'LIMIT', page * LOST_PAGE, LOST_PAGE)
    local entries = ids[1] and redis.call('HMGET', LEASE, unpack(ids))
    for i, id in ipairs(ids) do
      found[#found + 1] = lost_row(id, entries[i])
      if #found == LOST_LIMIT then return found end
    end
    if #ids < LOST_PAGE then break end
  end
  return found
end
local function goes_before(one, other)
  local one_waits, other_waits = one.at > now, other.at > now
  if one_waits ~= other_waits then return other_waits end
  if one_waits and one.at ~= other.at then return one.at < other.at end
  local one_score, other_score = ready_score(one.at, one.priority), ready_score(other.at, other.priority)
  if one_score ~= other_score then return one_score < other_score end
  return ready_member(one.at, one.seq, one.priority, one.id) < ready_member(other.at, other.seq, other.priority, other.id)
end
local function take_over(row)
  pass_by()
  local facts = row.facts
  give_up(row.id, name)
  local at, outcome = lose(row.id, name, facts, row, row.planned_at, rescues)
  if outcome or at ~= row.planned_at then
    row.state = packed(facts)
    hset(STATE, row.id, row.state)
  end
  if outcome == 'buried' then
    settle_down(row.id, name, facts)
    if has_flag(row.flags, FLAG.ends_its_own_way) then end_own_way(row.id, row.record, 'dead') end
    return
  end
  return hand_out(row.id, name, row.record, row.state, not at and row.at or nil)
end
local function take_free(row)
  zrem(row.line, row.member)
  zrem(index('repeating', name), row.id)
  zrem(index('retrying', name), row.id)
  return hand_out(row.id, name, row.record, row.state)
end
local function take_next()
  local candidates = lost_rows()
  candidates[#candidates + 1] = first_free()
  table.sort(candidates, goes_before)
  for _, row in ipairs(candidates) do
    local taken = row.run and take_over(row) or not row.run and take_free(row)
    if taken then return taken end
  end
end
local earlier_try = row_of_earlier_try()
if earlier_try then return earlier_try end
if (first_expiry or may_be_due) and pass_by() <= now and has_expired then
  rescue(RESCUE_LIMIT, rescues, function() end)
end
local row = take_next()
flush()
if has_looked then recede(name) end
return row or { now_text }
`;

export const cleanJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
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
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local log_exists, drop_log_of
local function remove_log(id)
  if log_exists == nil then log_exists = redis.call('HEXISTS', META, 'logSeq') == 1 end
  if not log_exists then return end
  if not drop_log_of then
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
    forget_removed()
    drop_log_of = function(job_id)
      zadd(REMOVED, now_text, job_id)
      drop_log(job_id)
    end
  end
  drop_log_of(id)
end
local function remove_keys(id, record, why)
  for _, field in ipairs(own_facts(record).keys) do
    local held_until = why == 'retention' and redis.call('ZSCORE', prefix .. 'held', field)
    local is_held = held_until and tonumber(held_until) > now
    if not is_held and redis.call('HGET', prefix .. 'keys', field) == id then
      hdel(prefix .. 'keys', field)
      zrem(prefix .. 'held', field)
    end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
    drop(prefix .. 'history:' .. id)
    zrem(prefix .. 'leaving', id)
  end
  remove_log(id)
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
local gone_ms, bytes_read = tonumber(ARGV[3]), 0
local MOST_WITH_LOG = 50
local function affordable(most)
  log_exists = redis.call('HEXISTS', META, 'logSeq') == 1
  return log_exists and math.min(most, MOST_WITH_LOG) or most
end
local function has_ended(state)
  if not state or not string.find(state, '^%[null,') then return false end
  if string.find(state, '^%[null,[^,]*,%d') then return true end
  return happened(state).failedAt ~= nil
end
local function flags_of(record)
  return tonumber(string.match(record, '^%[%d+,[^,]+,%d+,[^,]+,(%d+),'))
end
local function recurs(record, flags)
  if has_flag(flags, FLAG.recurring) then return true end
  if not has_flag(flags, FLAG.has_rule) then return false end
  local ok, rule = pcall(cjson.decode, string.match(record, '.*"repeat":({.*})}%]$') or '')
  return not ok or rule.at ~= nil
end
local function may_go(record, state, flags)
  return has_ended(state) and not (flags and recurs(record, flags))
end
local function remove_ended(id, name, place_name, record, state, flags)
  zrem(index(place_name, name), id)
  if not flags or has_flag(flags, FLAG.disabled) then zrem(index('disabled', name), id) end
  if record then
    local has_keys = not flags or has_flag(flags, FLAG.keyed)
    if has_keys then remove_keys(id, record, 'retention') end
    local created = tonumber(string.match(record, '^%[(%d+),'))
    if created and now - created <= gone_kept(gone_ms) then remember_gone(id, has_keys and record, gone_ms) end
  end
  remove_record(id, state)
end
local function sweep(name, place_name, first, most, stays)
  local ids = most > 0 and redis.call('ZRANGE', index(place_name, name), text(first), text(first + most - 1)) or {}
  local kept, last_kept, gone = 0, nil, {}
  local looked = read_some(ids, { JOBS, STATE }, function(_, id, record, state)
    bytes_read = bytes_read + #(record or '') + #(state or '')
    local flags = record and flags_of(record)
    if record and (not may_go(record, state, flags) or stays(record, flags)) then
      kept, last_kept = kept + 1, id
    else
      remove_ended(id, name, place_name, record, state, flags)
      gone[#gone + 1] = id
    end
  end)
  return looked, kept, last_kept, gone
end
local function forget_as_many(removed)
  if removed > 0 then forget_gone(2 * removed) end
end
local function older_than(name, place_name, age_ms)
  return redis.call('ZCOUNT', index(place_name, name), '-inf', text(now - age_ms))
end
redis.call('PERSIST', META)
local name, place_name, first = ARGV[4], ARGV[5], tonumber(ARGV[8])
local past = older_than(name, place_name, tonumber(ARGV[6]))
local looked, kept, _, gone = sweep(name, place_name, first, math.min(past - first, affordable(tonumber(ARGV[7]))), function()
  return false
end)
flush()
forget_as_many(#gone)
local log_is_left = log_exists and redis.call('EXISTS', prefix .. 'logs:leaving') == 1
return { now_text, text(first + kept), first + looked < past and '1' or '', log_is_left and '1' or '', unpack(gone) }
`;

export const clearLog = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
local WALK_LIMIT = 1000
local walked = ARGV[3] == 'all' and LOGS_ALL or index('logs:' .. ARGV[3], ARGV[4])
local ascending, levels, events = ARGV[7] == 'asc', ARGV[8], ARGV[9]
local other_name = ARGV[10] ~= '' and index('logs:name', ARGV[10])
local is_filtered = levels ~= '' or events ~= '' or other_name
local function number_of(member)
  return tonumber(string.sub(member, 1, 12), 16)
end
local function rank_of(at, number)
  local low, high = 0, redis.call('ZCARD', walked)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = redis.call('ZRANGE', walked, middle, middle, 'WITHSCORES')
    local time = tonumber(found[2])
    if time < at or (time == at and number_of(found[1]) < number) then low = middle + 1 else high = middle end
  end
  return low
end
local first = redis.call('ZCOUNT', walked, '-inf', '(' .. ARGV[5])
local last = redis.call('ZCOUNT', walked, '-inf', ARGV[6]) - 1
local in_range = math.max(last - first + 1, 0)
local cursor_at, cursor_number = string.match(ARGV[11], '^(.+)|(%d+)$')
if cursor_at and ascending then
  first = math.max(first, rank_of(tonumber(cursor_at), tonumber(cursor_number) + 1))
elseif cursor_at then
  last = math.min(last, rank_of(tonumber(cursor_at), tonumber(cursor_number)) - 1)
end
local function is_met(member)
  return (levels == '' or string.find(levels, string.sub(member, 13, 13), 1, true))
    and (events == '' or string.find(events, string.sub(member, 14, 14), 1, true))
    and (not other_name or redis.call('ZSCORE', other_name, member))
end
local function cursor_of(member, at)
  return at .. '|' .. text(number_of(member))
end
local function walk(skipped, limit, each)
  local from, to
  if ascending then
    from = first + skipped
    to = math.min(from + limit - 1, last)
  else
    to = last - skipped
    from = math.max(to - limit + 1, first)
  end
  if from > to then return nil end
  local found = redis.call('ZRANGE', walked, from, to, 'WITHSCORES')
  for i = 1, #found, 2 do
    local n = ascending and i or #found - i
    if is_met(found[n]) then each(found[n], found[n + 1]) end
  end
  local is_end = ascending and to == last or not ascending and from == first
  local n = ascending and #found - 1 or 1
  return not is_end and cursor_of(found[n], found[n + 1]) or nil
end
local members, times, met = {}, {}, 0
local cursor = walk(0, WALK_LIMIT, function(member, at)
  met = met + 1
  if met <= drops_left then members[met], times[met] = member, at end
end)
local dropped = drop_entries(walked, members)
flush()
if dropped < met then cursor = cursor_of(members[dropped], times[dropped]) end
return { now_text, tostring(dropped), cursor or '' }
`;

export const countJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local function due(place, name, size)
  return size == 0 and 0 or redis.call('ZCOUNT', index(place, name), '-inf', now_text)
end
for i = 3, #ARGV do
  local name = ARGV[i]
  local repeating, retrying = card('repeating', name), card('retrying', name)
  local dead = card('dead', name)
  local ready, timed, parked = card('ready', name), card('timed', name), card('parked', name)
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
`;

export const disableJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local function lock_plainly(id, name, locked_at, pending)
  locked_at = text(math.max(locked_at, 0))
  hset(LEASE, id, lease_entry('', '0', locked_at, pending, '', name, 'l', ''))
  zadd(index('running', name), locked_at, id)
end
local function has_begun(run)
  return run == '' or string.sub(run, 1, 1) == 's'
end
local function own_time(run, planned_at)
  local kept = string.match(run, '^[cs](%-?%d+)$')
  if kept then return tonumber(kept) end
  if run ~= 's' then return planned_at end
end
local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end
local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
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
  local is_disabled = has_flag(flags, FLAG.disabled)
  if is_disabled == (ARGV[5] == '1') then return end
  flags = flags + (is_disabled and -FLAG.disabled or FLAG.disabled)
  hset(JOBS, id, with_flags(record, flags))
  if is_disabled then zrem(index('disabled', name), id) else zadd(index('disabled', name), 0, id) end
  local _, _, _, _, _, _, run = holder(entry or '')
  if run and string.sub(run, 1, 1) == 'c' then
    give_up(id, name)
    facts.nextRunAt = own_time(run, at)
    if facts.nextRunAt ~= at then hset(STATE, id, packed(facts)) end
    put_down(id, name, facts.nextRunAt, seq, priority, flags, facts)
  elseif not entry and at then
    displace(id, name, at, seq, priority)
    place(id, name, at, seq, priority, flags, facts)
  end
end)
flush()
advance()
return { now_text, count, found }
`;

export const dropLogs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
drop_leaving()
flush()
return { now_text, redis.call('EXISTS', LEAVING) == 1 and '1' or '' }
`;

export const enqueueJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local KIND_WIDTH, KEY_WIDTH, WIDTH = 4, 3, 3
local LATE_MS = 2000
local is_repeat = ARGV[5] == 'repeat' or now > tonumber(ARGV[5]) + LATE_MS
local first_key = 8 + ARGV[6] * KIND_WIDTH
local first = first_key + ARGV[7] * KEY_WIDTH
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
local kinds, names = {}, {}
for i = 1, ARGV[6] do
  local due, priority, flags, name = unpack(ARGV, 4 + i * KIND_WIDTH, 7 + i * KIND_WIDTH)
  local at = instant(due)
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
  return is_repeat
end
local function was_removed(id, rest)
  if not is_repeat then return false end
  local till = redis.call('ZSCORE', prefix .. 'gone', nonce_in(rest) or id)
  return till and tonumber(till) > now
end
local reply, fresh, sent = { now_text, text(soon) }, { attempt = 0 }, 0
local function except(i, word, id, record)
  local parts = { i, word, id, '', '', '', '' }
  if record and record ~= '' and sent < MAX_BYTES then
    parts[4] = record
    parts[5] = redis.call('HGET', STATE, id) or ''
    parts[6] = redis.call('HGET', LEASE, id) or ''
    parts[7] = redis.call('HGET', RESULTS, id) or ''
    sent = sent + #record + #parts[7]
  end
  for _, part in ipairs(parts) do
    reply[#reply + 1] = part
  end
end
local added_here, any = {}, false
local fields, known_by_key, note_key = {}, nil, nil
if ARGV[7] ~= '0' then
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
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local POINTERS, HELD = prefix .. 'keys', prefix .. 'held'
local function carries(record, field)
  for _, carried in ipairs(own_facts(record).keys) do
    if carried == field then return true end
  end
  return false
end
local function holder_of(field, unwanted)
  local id = redis.call('HGET', POINTERS, field)
  if not id then return end
  local held_until = tonumber(redis.call('ZSCORE', HELD, field))
  local is_open = held_until and held_until > now
  if unwanted and (is_open or not held_until) then
    local exists = redis.call('HEXISTS', JOBS, id) == 1
    if is_open or exists then return id, exists and '' end
    return
  end
  local record = redis.call('HGET', JOBS, id)
  if is_open or record and carries(record, field) then return id, record end
end
local function hold(field, id, held_until)
  hset(POINTERS, field, id)
  zrem(HELD, field)
  if held_until then zadd(HELD, held_until, field) end
end
local function forget_held(limit)
  local fields, ids = redis.call('ZRANGEBYSCORE', HELD, '-inf', now_text, 'LIMIT', 0, limit), {}
  if not fields[1] then return end
  for i, id in ipairs(redis.call('HMGET', POINTERS, unpack(fields))) do
    ids[i] = id or ''
  end
  read_some(ids, { JOBS }, function(i, _, record)
    zrem(HELD, fields[i])
    if not (record and carries(record, fields[i])) then hdel(POINTERS, fields[i]) end
  end)
end
  local times, mine = {}, {}
  for at = first_key, first - 1, KEY_WIDTH do
    local i = tonumber(ARGV[at])
    fields[i], times[i] = ARGV[at + 1], tonumber(ARGV[at + 2])
  end
  known_by_key = function(i, rest)
    local id, record = mine[fields[i]], nil
    if id then record = redis.call('HGET', JOBS, id) else id, record = holder_of(fields[i], sent >= MAX_BYTES) end
    if not id then return end
    if id == ids[i] and is_repeat and not nonce_in(rest) then return 'gone', id end
    record = record or added_here[id]
    return record and 'existing' or 'held', id, record
  end
  note_key = function(i, word, record)
    local field, id = fields[i], ids[i]
    if not word then hold(field, id, times[i] and text(soon + times[i])) end
    if not word or word == 'gone' or word == 'mine' and carries(record, field) then mine[field] = id end
  end
  forget_held(2 * ARGV[7])
end
for i = 1, count do
  local at_arg = first + (i - 1) * WIDTH
  local id, kind, rest, field = ids[i], kinds[tonumber(ARGV[at_arg + 1])], ARGV[at_arg + 2], fields[i]
  local record, word, holder = taken[i] or added_here[id], nil, id
  if record == '' then
    word = 'taken'
  elseif record then
    word = taken[i] and was_mine(rest, record) and 'mine' or 'existing'
  elseif was_removed(id, rest) then
    word = 'gone'
  elseif field then
    word, holder, record = known_by_key(i, rest)
  end
  if word then
    except(i, word, holder, record)
  else
    record = kind.head .. text(seq + i) .. kind.middle .. rest
    added_here[id] = record
    any = true
    hset(JOBS, id, record)
    place(id, kind.name, kind.at, seq + i, kind.priority, kind.flags, fresh)
  end
  if field then note_key(i, word, record) end
end
flush()
if any then redis.call('SADD', prefix .. 'names', unpack(names)) end
advance()
return reply
`;

export const getJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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

export const inspectJob = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local id = ARGV[3]
local record = redis.call('HGET', JOBS, id)
if not record then return { now_text } end
local reply = { now_text, record }
for n, hash in ipairs({ STATE, LEASE, RESULTS }) do
  reply[n + 2] = redis.call('HGET', hash, id) or ''
end
reply[6] = redis.call('ZSCORE', LEASES, id) or ''
for n, entry in ipairs(redis.pcall('LRANGE', prefix .. 'history:' .. id, 0, -1)) do
  reply[n + 6] = entry
end
return reply
`;

export const lockRow = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local PROMOTE_LIMIT = 50
local promoted, promotions_left = {}, PROMOTE_LIMIT
local function seq_priority_id(member)
  local priority, id = string.match(member, '^([^:]*):(.*)$', 13)
  return tonumber(string.sub(member, 1, 12), 16), tonumber(priority) or 0, id
end
local function promote(name)
  if promoted[name] then return end
  promoted[name] = true
  if promotions_left == 0 then return end
  local timed = index('timed', name)
  local due = redis.call('ZRANGEBYSCORE', timed, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, promotions_left)
  if not due[1] then return end
  promotions_left = promotions_left - #due / 2
  for i = 1, #due, 2 do
    local seq, priority, id = seq_priority_id(due[i])
    zrem(timed, due[i])
    local at = tonumber(due[i + 1])
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  end
  flush()
end
local function recede(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return false end
  local head = redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2]
  if head then
    redis.call('ZADD', DUE, head, name)
  else
    redis.call('ZREM', DUE, name)
  end
  return true
end
local token, HANDED = ARGV[6] .. ':1', prefix .. 'handed:' .. ARGV[6]
local function row_reply(id, record, state, entry)
  return { now_text, id, record, state or '', entry }
end
local function row_of_earlier_try()
  local id = ARGV[9] == 'repeat' and redis.call('GET', HANDED)
  local entry = id and redis.call('HGET', LEASE, id)
  local record = entry and redis.call('HGET', JOBS, id)
  if record and string.sub(entry, 1, #token + 1) == token .. '|' then
    return row_reply(id, record, redis.call('HGET', STATE, id), entry)
  end
end
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
local name, id = ARGV[5], ARGV[11]
local earlier_try = row_of_earlier_try()
if earlier_try then return earlier_try end
local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
local asked_at, seq, priority, flags = asked(record or '')
local planned_at = seq and planned(asked_at, happened(state))
local is_as_known = seq and name_of(record) == name and planned_at == tonumber(ARGV[12])
if not is_as_known or has_flag(flags, FLAG.disabled) or redis.call('HEXISTS', LEASE, id) == 1 then return { now_text } end
redis.call('PERSIST', META)
displace(id, name, planned_at, seq, priority)
local row = hand_out(id, name, record, state)
recede(name)
return row
`;

export const openStore = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
if kind == 'hash' then redis.call('PERSIST', META) end
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

export const pageIndexes = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local backwards, at = ARGV[3] == '-', ARGV[4]
local SHARED = { ready = true, timed = true, parked = true }
local reply = { now_text }
local function bounds(key, part)
  local size = redis.call('ZCARD', key)
  local first, past = 0, size
  if part ~= 'all' then
    local due = redis.call('ZCOUNT', key, '-inf', at)
    if part == 'ahead' then first = due else past = due end
  end
  if backwards then return size - past, size - first end
  return first, past
end
local function rank_of_score(key, score)
  if backwards then return redis.call('ZCOUNT', key, '(' .. score, '+inf') end
  return redis.call('ZCOUNT', key, '-inf', '(' .. score)
end
local function is_behind(member, other)
  for i = 1, math.min(#member, #other) do
    local a, b = string.byte(member, i), string.byte(other, i)
    if a ~= b then return a > b end
  end
  return #member > #other
end
local function rank_of_gap(key, score, member)
  local low, high = redis.call('ZCOUNT', key, '-inf', '(' .. score), redis.call('ZCOUNT', key, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_behind(redis.call('ZRANGE', key, middle, middle)[1], member) then high = middle else low = middle + 1 end
  end
  return backwards and redis.call('ZCARD', key) - low or low
end
local function start_of(key, first, start)
  local how, value, member = string.match(start, '^(%l+) (%S+) ?(.*)$')
  if how == 'rank' then return first + value end
  if how == 'score' then return math.max(rank_of_score(key, value), first) end
  local rank = redis.call(backwards and 'ZREVRANK' or 'ZRANK', key, member)
  return math.max(rank and rank + 1 or rank_of_gap(key, value, member), first)
end
local function others(name, place)
  if not SHARED[place] then return end
  local repeating, retrying = index('repeating', name), index('retrying', name)
  if redis.call('EXISTS', repeating, retrying) == 0 then return end
  return function(id)
    return redis.call('ZSCORE', repeating, id) or redis.call('ZSCORE', retrying, id)
  end
end
local function id_of(place, member)
  if place == 'ready' then return string.sub(member, READY_ID) end
  return place == 'timed' and string.match(member, '^[^:]*:(.*)$') or member
end
local function in_line(member, score)
  local seq, priority, id = string.match(member, '^(%x%x%x%x%x%x%x%x%x%x%x%x)([^:]*):(.*)$')
  local due_at, of_priority = tonumber(score), tonumber(priority) or 0
  return ready_member(due_at, tonumber(seq, 16), of_priority, id), string.format('%.17g', ready_score(due_at, of_priority))
end
for i = 5, #ARGV, 4 do
  local name, place, part = ARGV[i], string.match(ARGV[i + 1], '^(%l+) (%l+)$')
  local key, is_other = index(place, name), others(name, place)
  local first, past = bounds(key, part)
  local start = start_of(key, first, ARGV[i + 2])
  local stop = math.min(start + ARGV[i + 3], past) - 1
  local entries = stop < start and {} or redis.call(backwards and 'ZREVRANGE' or 'ZRANGE', key, start, stop, 'WITHSCORES')
  local looked = #entries / 2
  local head, kept = #reply + 1, 0
  reply[head], reply[head + 1] = '', entries[2 * looked - 1] or ''
  for n = 1, looked do
    local entry, score = entries[2 * n - 1], entries[2 * n]
    if not (is_other and is_other(id_of(place, entry))) then
      if part == 'line' then entry, score = in_line(entry, score) end
      kept = kept + 1
      reply[head + 2 * kept], reply[head + 1 + 2 * kept] = entry, score
    end
  end
  reply[head] = table.concat({ past - first, is_other and 1 or 0, start - first, looked, kept, entries[2 * looked] or 0 }, ' ')
end
return reply
`;

export const pruneJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
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
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local log_exists, drop_log_of
local function remove_log(id)
  if log_exists == nil then log_exists = redis.call('HEXISTS', META, 'logSeq') == 1 end
  if not log_exists then return end
  if not drop_log_of then
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
    forget_removed()
    drop_log_of = function(job_id)
      zadd(REMOVED, now_text, job_id)
      drop_log(job_id)
    end
  end
  drop_log_of(id)
end
local function remove_keys(id, record, why)
  for _, field in ipairs(own_facts(record).keys) do
    local held_until = why == 'retention' and redis.call('ZSCORE', prefix .. 'held', field)
    local is_held = held_until and tonumber(held_until) > now
    if not is_held and redis.call('HGET', prefix .. 'keys', field) == id then
      hdel(prefix .. 'keys', field)
      zrem(prefix .. 'held', field)
    end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
    drop(prefix .. 'history:' .. id)
    zrem(prefix .. 'leaving', id)
  end
  remove_log(id)
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
local gone_ms, bytes_read = tonumber(ARGV[3]), 0
local MOST_WITH_LOG = 50
local function affordable(most)
  log_exists = redis.call('HEXISTS', META, 'logSeq') == 1
  return log_exists and math.min(most, MOST_WITH_LOG) or most
end
local function has_ended(state)
  if not state or not string.find(state, '^%[null,') then return false end
  if string.find(state, '^%[null,[^,]*,%d') then return true end
  return happened(state).failedAt ~= nil
end
local function flags_of(record)
  return tonumber(string.match(record, '^%[%d+,[^,]+,%d+,[^,]+,(%d+),'))
end
local function recurs(record, flags)
  if has_flag(flags, FLAG.recurring) then return true end
  if not has_flag(flags, FLAG.has_rule) then return false end
  local ok, rule = pcall(cjson.decode, string.match(record, '.*"repeat":({.*})}%]$') or '')
  return not ok or rule.at ~= nil
end
local function may_go(record, state, flags)
  return has_ended(state) and not (flags and recurs(record, flags))
end
local function remove_ended(id, name, place_name, record, state, flags)
  zrem(index(place_name, name), id)
  if not flags or has_flag(flags, FLAG.disabled) then zrem(index('disabled', name), id) end
  if record then
    local has_keys = not flags or has_flag(flags, FLAG.keyed)
    if has_keys then remove_keys(id, record, 'retention') end
    local created = tonumber(string.match(record, '^%[(%d+),'))
    if created and now - created <= gone_kept(gone_ms) then remember_gone(id, has_keys and record, gone_ms) end
  end
  remove_record(id, state)
end
local function sweep(name, place_name, first, most, stays)
  local ids = most > 0 and redis.call('ZRANGE', index(place_name, name), text(first), text(first + most - 1)) or {}
  local kept, last_kept, gone = 0, nil, {}
  local looked = read_some(ids, { JOBS, STATE }, function(_, id, record, state)
    bytes_read = bytes_read + #(record or '') + #(state or '')
    local flags = record and flags_of(record)
    if record and (not may_go(record, state, flags) or stays(record, flags)) then
      kept, last_kept = kept + 1, id
    else
      remove_ended(id, name, place_name, record, state, flags)
      gone[#gone + 1] = id
    end
  end)
  return looked, kept, last_kept, gone
end
local function forget_as_many(removed)
  if removed > 0 then forget_gone(2 * removed) end
end
local function older_than(name, place_name, age_ms)
  return redis.call('ZCOUNT', index(place_name, name), '-inf', text(now - age_ms))
end
local POINTERS, HELD = prefix .. 'keys', prefix .. 'held'
local function carries(record, field)
  for _, carried in ipairs(own_facts(record).keys) do
    if carried == field then return true end
  end
  return false
end
local function holder_of(field, unwanted)
  local id = redis.call('HGET', POINTERS, field)
  if not id then return end
  local held_until = tonumber(redis.call('ZSCORE', HELD, field))
  local is_open = held_until and held_until > now
  if unwanted and (is_open or not held_until) then
    local exists = redis.call('HEXISTS', JOBS, id) == 1
    if is_open or exists then return id, exists and '' end
    return
  end
  local record = redis.call('HGET', JOBS, id)
  if is_open or record and carries(record, field) then return id, record end
end
local function hold(field, id, held_until)
  hset(POINTERS, field, id)
  zrem(HELD, field)
  if held_until then zadd(HELD, held_until, field) end
end
local function forget_held(limit)
  local fields, ids = redis.call('ZRANGEBYSCORE', HELD, '-inf', now_text, 'LIMIT', 0, limit), {}
  if not fields[1] then return end
  for i, id in ipairs(redis.call('HMGET', POINTERS, unpack(fields))) do
    ids[i] = id or ''
  end
  read_some(ids, { JOBS }, function(i, _, record)
    zrem(HELD, fields[i])
    if not (record and carries(record, fields[i])) then hdel(POINTERS, fields[i]) end
  end)
end
local DUE_NAMES_LOOKED_AT = 100
local function has_due_jobs(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return true end
  local at = tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
  return at ~= nil and at <= now
end
local function unhandled_names(limit)
  local names = {}
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', DUE, '-inf', now_text, 'LIMIT', 0, DUE_NAMES_LOOKED_AT)) do
    if #names == limit then break end
    local is_known = redis.call('HEXISTS', prefix .. 'settings', name) == 1
    if not is_known and has_due_jobs(name) then names[#names + 1] = name end
  end
  return names
end
redis.call('PERSIST', META)
local ENDS, NAMES_LOOKED_AT, SCAN_STEP = { completed = 'completed', dead = 'failed' }, 32, 16
local LEAVING_AT = prefix .. 'leaving'
local removed, left, names_left, reply = 0, affordable(tonumber(ARGV[4])), NAMES_LOOKED_AT, { now_text }
local known = {}
for i = 7, #ARGV, 3 do
  known[index(ARGV[i + 1], ARGV[i])] = ARGV[i + 2]
end
local function retention_of(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  local retention = ok and type(decoded) == 'table' and decoded.retention
  return type(retention) == 'table' and retention or {}
end
local function own_limit(record, flags, end_name)
  if not flags or not has_flag(flags, FLAG.ends_its_own_way) then return nil end
  local retention = own_facts(record).overrides.retention
  local limit = type(retention) == 'table' and retention[end_name]
  if limit == cjson.null then return false end
  return tonumber(limit)
end
local function outstaying(name, place_name, rule)
  local age_ms, count = tonumber(rule.ageMs), tonumber(rule.count)
  local too_old = age_ms and older_than(name, place_name, age_ms) or 0
  local too_many = count and redis.call('ZCARD', index(place_name, name)) - count or 0
  return math.max(too_old, too_many)
end
local function staying(key)
  if not known[key] then return 0 end
  local score, member = string.match(known[key], '^(%S+) (.*)$')
  if redis.call('ZSCORE', key, member) == score then return redis.call('ZRANK', key, member) + 1 end
  return redis.call('ZCOUNT', key, '-inf', '(' .. score)
end
local function prune_index(name, place_name, end_name, rule)
  local past = outstaying(name, place_name, rule)
  if past <= 0 then return true end
  local key = index(place_name, name)
  local first = staying(key)
  if first >= past then return true end
  if left <= 0 or bytes_read >= READ_BYTES then return false end
  local looked, _, last_kept, gone = sweep(name, place_name, first, math.min(past - first, left), function(record, flags)
    return own_limit(record, flags, end_name) ~= nil
  end)
  left, removed = left - looked, removed + #gone
  if last_kept then
    reply[#reply + 1], reply[#reply + 2] = name, place_name
    reply[#reply + 1] = redis.call('ZSCORE', key, last_kept) .. ' ' .. last_kept
  end
  return first + looked >= past
end
local function prune_name(name, settings)
  local retention = retention_of(settings)
  for place_name, end_name in pairs(ENDS) do
    local rule = retention[end_name]
    if type(rule) == 'table' and not prune_index(name, place_name, end_name, rule) then return false end
  end
  return true
end
local function prune_names(cursor, done)
  repeat
    local step = redis.call('HSCAN', prefix .. 'settings', cursor, 'COUNT', SCAN_STEP)
    local entries = step[2]
    for i = 2 * done + 1, #entries, 2 do
      if names_left == 0 or not prune_name(entries[i], entries[i + 1]) then
        return 'names ' .. cursor .. ' ' .. text((i - 1) / 2)
      end
      names_left = names_left - 1
    end
    cursor, done = step[1], 0
  until cursor == '0'
end
local function standing(id, name)
  for place_name in pairs(ENDS) do
    local since = redis.call('ZSCORE', index(place_name, name), id)
    if since then return place_name, tonumber(since) end
  end
end
local function let_go(id, record, state)
  local name, flags = record and name_of(record), record and flags_of(record)
  local place_name, since
  if name then place_name, since = standing(id, name) end
  local limit = place_name and may_go(record, state, flags) and own_limit(record, flags, ENDS[place_name])
  if not limit then
    zrem(LEAVING_AT, id)
  elseif since + limit > now then
    zadd(LEAVING_AT, text(since + limit), id)
  else
    remove_ended(id, name, place_name, record, state, flags)
    removed = removed + 1
  end
end
local function prune_leaving()
  local ids = redis.call('ZRANGEBYSCORE', LEAVING_AT, '-inf', now_text, 'LIMIT', 0, left + 1)
  if #ids == 0 then return true end
  if left <= 0 or bytes_read >= READ_BYTES then return false end
  local looked = read_some({ unpack(ids, 1, math.min(#ids, left)) }, { JOBS, STATE }, function(_, id, record, state)
    let_go(id, record, state)
  end)
  left = left - looked
  return looked == #ids
end
local stage, cursor, done = string.match(ARGV[6], '^(%l+) ?(%d*) ?(%d*)$')
local go_on = stage == 'names' and prune_names(cursor, tonumber(done)) or nil
if not go_on and not prune_leaving() then go_on = 'leaving' end
flush()
forget_as_many(removed)
local unhandled = {}
if not go_on then
  forget_held(tonumber(ARGV[4]))
  flush()
  unhandled = unhandled_names(tonumber(ARGV[5]))
  if redis.call('EXISTS', prefix .. 'logs:leaving') == 1 then go_on = 'logs' end
end
table.insert(reply, 2, text(removed))
table.insert(reply, 3, go_on or '')
table.insert(reply, 4, unhandled)
return reply
`;

export const readHistory = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local id = ARGV[3]
if redis.call('HEXISTS', JOBS, id) == 0 then return { now_text } end
local entries = redis.pcall('LRANGE', prefix .. 'history:' .. id, 0, -1)
return { now_text, redis.call('HGET', STATE, id) or '', unpack(entries) }
`;

export const readLog = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
local WALK_LIMIT = 1000
local walked = ARGV[3] == 'all' and LOGS_ALL or index('logs:' .. ARGV[3], ARGV[4])
local ascending, levels, events = ARGV[7] == 'asc', ARGV[8], ARGV[9]
local other_name = ARGV[10] ~= '' and index('logs:name', ARGV[10])
local is_filtered = levels ~= '' or events ~= '' or other_name
local function number_of(member)
  return tonumber(string.sub(member, 1, 12), 16)
end
local function rank_of(at, number)
  local low, high = 0, redis.call('ZCARD', walked)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = redis.call('ZRANGE', walked, middle, middle, 'WITHSCORES')
    local time = tonumber(found[2])
    if time < at or (time == at and number_of(found[1]) < number) then low = middle + 1 else high = middle end
  end
  return low
end
local first = redis.call('ZCOUNT', walked, '-inf', '(' .. ARGV[5])
local last = redis.call('ZCOUNT', walked, '-inf', ARGV[6]) - 1
local in_range = math.max(last - first + 1, 0)
local cursor_at, cursor_number = string.match(ARGV[11], '^(.+)|(%d+)$')
if cursor_at and ascending then
  first = math.max(first, rank_of(tonumber(cursor_at), tonumber(cursor_number) + 1))
elseif cursor_at then
  last = math.min(last, rank_of(tonumber(cursor_at), tonumber(cursor_number)) - 1)
end
local function is_met(member)
  return (levels == '' or string.find(levels, string.sub(member, 13, 13), 1, true))
    and (events == '' or string.find(events, string.sub(member, 14, 14), 1, true))
    and (not other_name or redis.call('ZSCORE', other_name, member))
end
local function cursor_of(member, at)
  return at .. '|' .. text(number_of(member))
end
local function walk(skipped, limit, each)
  local from, to
  if ascending then
    from = first + skipped
    to = math.min(from + limit - 1, last)
  else
    to = last - skipped
    from = math.max(to - limit + 1, first)
  end
  if from > to then return nil end
  local found = redis.call('ZRANGE', walked, from, to, 'WITHSCORES')
  for i = 1, #found, 2 do
    local n = ascending and i or #found - i
    if is_met(found[n]) then each(found[n], found[n + 1]) end
  end
  local is_end = ascending and to == last or not ascending and from == first
  local n = ascending and #found - 1 or 1
  return not is_end and cursor_of(found[n], found[n + 1]) or nil
end
local skip, wanted = tonumber(ARGV[12]), tonumber(ARGV[13])
local room, skipped, limit = math.min(wanted, 100), 0, WALK_LIMIT
if not is_filtered then skip, skipped, limit = 0, skip, room end
local ids, page, met = {}, {}, 0
local cursor = walk(skipped, limit, function(member, at)
  met = met + 1
  if met > skip and #page < room then
    page[#page + 1] = { member = member, at = at, met = met }
    ids[#ids + 1] = string.sub(member, 1, 12)
  end
end)
local reply = { now_text, '', '' }
local read = read_some(ids, { LOGS }, function(i, id, entry)
  if not entry then return end
  for _, part in ipairs({ id, page[i].at, string.sub(page[i].member, 13), entry }) do
    reply[#reply + 1] = part
  end
end)
if read > 0 and (read < #page or read < wanted and read == room) then
  met, cursor = page[read].met, cursor_of(page[read].member, page[read].at)
end
if not is_filtered then
  met = ARGV[11] == '' and in_range or 0
  if read == wanted then cursor = nil end
end
reply[2], reply[3] = tostring(met), cursor or ''
return reply
`;

export const registerNames = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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

export const releaseRows = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local function lock_plainly(id, name, locked_at, pending)
  locked_at = text(math.max(locked_at, 0))
  hset(LEASE, id, lease_entry('', '0', locked_at, pending, '', name, 'l', ''))
  zadd(index('running', name), locked_at, id)
end
local function has_begun(run)
  return run == '' or string.sub(run, 1, 1) == 's'
end
local function own_time(run, planned_at)
  local kept = string.match(run, '^[cs](%-?%d+)$')
  if kept then return tonumber(kept) end
  if run ~= 's' then return planned_at end
end
local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end
local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
end
local function refusal(id, entry, token, earliest_expiry, after_expiry)
  if not entry then
    return redis.call('HEXISTS', JOBS, id) == 1 and 'not-running' or 'not-found'
  end
  if token == '' or string.sub(entry, 1, 1) == '|' then return 'lease-mismatch' end
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
    return kind == 'completed' or kind == 'completed-own' or kind == 'removed' or kind == 'bury'
  end
  return kind == 'bury' and redis.call('ZSCORE', index('dead', name), id)
end
redis.call('PERSIST', META)
local held = { now_text }
local function release(id, entry, record, state)
  local _, _, _, pending, _, name, run = holder(entry)
  local asked_at, seq, priority, flags = asked(record or '')
  if not name or not seq then return end
  local facts = happened(state)
  local planned_at = planned(asked_at, facts)
  if ARGV[5] == 'planned' and not planned_at then return id end
  give_up(id, name)
  local own_at = own_time(run, planned_at)
  local at = earlier(own_at, tonumber(pending))
  if at ~= own_at then facts.occurrenceAt = nil end
  if at ~= planned_at then
    facts.nextRunAt = at
    hset(STATE, id, packed(facts))
  end
  put_down(id, name, at, seq, priority, flags, facts)
end
for i = 6, #ARGV, 2 do
  local id, token = ARGV[i], ARGV[i + 1]
  local entry = redis.call('HGET', LEASE, id)
  if not refusal(id, entry, token, nil, true) then
    held[#held + 1] = release(id, entry, redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id))
  end
end
flush()
advance()
return held
`;

export const renewLeases = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local function refusal(id, entry, token, earliest_expiry, after_expiry)
  if not entry then
    return redis.call('HEXISTS', JOBS, id) == 1 and 'not-running' or 'not-found'
  end
  if token == '' or string.sub(entry, 1, 1) == '|' then return 'lease-mismatch' end
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
    return kind == 'completed' or kind == 'completed-own' or kind == 'removed' or kind == 'bury'
  end
  return kind == 'bury' and redis.call('ZSCORE', index('dead', name), id)
end
local FORGET_AFTER = 10
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local function pass(lease_ms, pace_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt', 'watchedUntil', 'logSeq')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  local was_away = last and now - last > longest
  if was_away and (last >= held or now >= held + math.max(longest, 2 * (pace_ms or 0))) then held = soon + longest end
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest, tonumber(meta[6] or 0) > now, meta[7] ~= false
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
local function tell_progress(id, entry, progress)
  local token, fence, locked_at, pending, host, name, run = holder(entry)
  if name then hset(LEASE, id, lease_entry(token, fence, locked_at, pending, host, name, run, progress)) end
end
local ids = {}
for i = 5, #ARGV, 3 do
  ids[#ids + 1] = ARGV[i]
end
local entries, first_expiry = redis.call('HMGET', LEASE, unpack(ids)), earliest_expiry()
for i, id in ipairs(ids) do
  local token, progress = ARGV[3 + 3 * i], ARGV[4 + 3 * i]
  local word = refusal(id, entries[i], token, first_expiry, ARGV[4] == 'late')
  if word then
    lost(id, token, word)
  else
    local expiry = math.max(tonumber(redis.call('ZSCORE', LEASES, id) or 0), soon + lease_ms)
    zadd(LEASES, text(expiry), id)
    if progress ~= '' then tell_progress(id, entries[i], progress) end
  end
end
flush()
return reply
`;

export const requeueJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local function lock_plainly(id, name, locked_at, pending)
  locked_at = text(math.max(locked_at, 0))
  hset(LEASE, id, lease_entry('', '0', locked_at, pending, '', name, 'l', ''))
  zadd(index('running', name), locked_at, id)
end
local function has_begun(run)
  return run == '' or string.sub(run, 1, 1) == 's'
end
local function own_time(run, planned_at)
  local kept = string.match(run, '^[cs](%-?%d+)$')
  if kept then return tonumber(kept) end
  if run ~= 's' then return planned_at end
end
local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end
local TRAILING, OVERDUE = 0, 1
local function is_leading(facts)
  return facts.windowEnd > OVERDUE
end
local function close_window(facts, began_at)
  if facts.windowAt and not is_leading(facts) and began_at > facts.windowAt then facts.windowAt = nil end
end
local function drop_old_window(facts, run, locked_at, planned_at)
  if not facts.windowAt then return end
  if is_leading(facts) then
    if facts.windowEnd <= now then facts.windowAt = nil end
  elseif run == '' then
    close_window(facts, locked_at)
  elseif not run and not planned_at then
    facts.windowAt = nil
  end
end
local function open_window(facts, started_at, ends)
  facts.windowAt, facts.windowEnd = started_at, ends
end
local debounced = {}
function debounced.leading(facts, delay, _, next_at, given)
  if facts.windowAt and is_leading(facts) then return next_at end
  open_window(facts, now, soon + delay)
  return given
end
function debounced.trailing(facts, delay, longest, next_at)
  local started_at = facts.windowAt and not is_leading(facts) and facts.windowAt
  if started_at and facts.windowEnd == OVERDUE then return earlier(next_at, now) end
  started_at = started_at or now
  local latest = longest and started_at + longest
  open_window(facts, started_at, latest and latest <= now and OVERDUE or TRAILING)
  if facts.windowEnd == OVERDUE then return now end
  return earlier(soon + delay, latest)
end
local HISTORY_LENGTH = 20
local function part_of_entry(value)
  return value and text(value) or 'null'
end
local function history_entry(kind, attempt, planned_at, started_at, ended_at, host, failure)
  return '["' .. string.sub(kind, 1, 1) .. '",' .. attempt .. ',' .. part_of_entry(planned_at) .. ',' .. part_of_entry(started_at)
    .. ',' .. text(ended_at) .. ',' .. cjson.encode(host) .. (failure and ',' .. failure or '') .. ']'
end
local function told_by(facts)
  local ended_at, started_at = facts.lastFinishedAt, facts.lastRunAt
  if not ended_at then return end
  if started_at and started_at > ended_at then started_at = nil end
  local failed = facts.failedAt and facts.failedAt >= ended_at
  local kind = failed and (facts.nextRunAt and 'failed' or 'dead') or 'completed'
  return history_entry(kind, math.max(facts.attempt, 1), nil, started_at, ended_at, '', failed and facts.failure)
end
local function chronicle(id, entry, told)
  at_flush(function()
    local key = prefix .. 'history:' .. id
    local length = redis.pcall('LPUSH', key, entry)
    if type(length) ~= 'number' then return end
    if length == 1 and told then redis.call('RPUSH', key, told) end
    if length > HISTORY_LENGTH then redis.call('LTRIM', key, 0, HISTORY_LENGTH - 1) end
  end)
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
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local POINTERS, HELD = prefix .. 'keys', prefix .. 'held'
local function carries(record, field)
  for _, carried in ipairs(own_facts(record).keys) do
    if carried == field then return true end
  end
  return false
end
local function holder_of(field, unwanted)
  local id = redis.call('HGET', POINTERS, field)
  if not id then return end
  local held_until = tonumber(redis.call('ZSCORE', HELD, field))
  local is_open = held_until and held_until > now
  if unwanted and (is_open or not held_until) then
    local exists = redis.call('HEXISTS', JOBS, id) == 1
    if is_open or exists then return id, exists and '' end
    return
  end
  local record = redis.call('HGET', JOBS, id)
  if is_open or record and carries(record, field) then return id, record end
end
local function hold(field, id, held_until)
  hset(POINTERS, field, id)
  zrem(HELD, field)
  if held_until then zadd(HELD, held_until, field) end
end
local function forget_held(limit)
  local fields, ids = redis.call('ZRANGEBYSCORE', HELD, '-inf', now_text, 'LIMIT', 0, limit), {}
  if not fields[1] then return end
  for i, id in ipairs(redis.call('HMGET', POINTERS, unpack(fields))) do
    ids[i] = id or ''
  end
  read_some(ids, { JOBS }, function(i, _, record)
    zrem(HELD, fields[i])
    if not (record and carries(record, fields[i])) then hdel(POINTERS, fields[i]) end
  end)
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
local EXTRA_BYTES = 4096
local EXTRA_BEGINS = { ',{"type":"', ',{"lastModifiedBy":"', ',{"repeat":{' }
local function extra_of(rest, flags)
  local tail = has_flag(flags, FLAG.has_rule) and rest or string.sub(rest, -EXTRA_BYTES)
  local from = 0
  for _, beginning in ipairs(EXTRA_BEGINS) do
    from = math.max(from, string.match(tail, '^.*()' .. beginning) or 0)
  end
  if from == 0 then return '' end
  local extra = string.sub(tail, from, -2)
  return pcall(cjson.decode, string.sub(extra, 2)) and extra or ''
end
redis.call('PERSIST', META)
local SAVED, new_data = prefix .. 'saved', ARGV[10]
local at = math.max(now, instant(ARGV[8]))
local taken_here = {}
local function other_holder(id, fields)
  for _, field in ipairs(fields) do
    local holder_id = taken_here[field] or holder_of(field)
    if holder_id and holder_id ~= id then return holder_id end
  end
end
local function with_new_data(record, flags)
  local _, rest = own_and_rest(record)
  local numbers, others = string.match(string.sub(record, 1, #record - #rest), '^(%[%d+,[^,]+,%d+,[^,]+,)%d+(,.*)$')
  local bare = has_flag(flags, FLAG.has_data) and flags - FLAG.has_data or flags
  local has_data = new_data ~= ''
  return numbers .. text(has_data and bare + FLAG.has_data or bare) .. others
    .. (has_data and new_data or 'null') .. extra_of(rest, flags) .. ']'
end
local function bring_back(id, name, record, state)
  local _, seq, priority, flags = asked(record)
  local facts = happened(state)
  local entry = history_entry('queued', math.max(facts.attempt, 1), nil, nil, now, '')
  chronicle(id, entry, told_by(facts))
  drop_old_window(facts)
  facts.nextRunAt, facts.failedAt, facts.failure, facts.occurrenceAt = at, nil, nil, nil
  if ARGV[9] == 'anew' then
    begin_anew(facts)
    facts.failCount = 0
  end
  displace(id, name, nil, seq, priority)
  place(id, name, at, seq, priority, flags, facts)
  hset(STATE, id, packed(facts))
  if new_data ~= '=' then hset(JOBS, id, with_new_data(record, flags)) end
  if has_flag(flags, FLAG.ends_its_own_way) then zrem(prefix .. 'leaving', id) end
end
local function requeue(id, record, state)
  local call = ARGV[5] .. ':' .. id
  if tonumber(redis.call('ZSCORE', SAVED, call) or 0) > now then return 'ok' end
  if not record or not is_legible(record) then return 'not-found' end
  local name = name_of(record)
  if not redis.call('ZSCORE', index('dead', name), id) then return 'not-dead' end
  if ARGV[7] ~= '' and ARGV[7] ~= name then return 'name-mismatch' end
  local freed = own_facts(record).frees
  local holder_id = other_holder(id, freed)
  if holder_id then return 'key-taken', holder_id end
  for _, field in ipairs(freed) do
    taken_here[field] = id
    hold(field, id)
  end
  bring_back(id, name, record, state)
  zadd(SAVED, text(soon + ARGV[6]), call)
  return 'ok'
end
local ids, words, reply = {}, {}, { now_text }
for i = 11, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
read_some(ids, { JOBS, STATE }, function(_, id, record, state)
  words[id] = words[id] or { requeue(id, record, state) }
  reply[#reply + 1] = words[id][1]
  reply[#reply + 1] = words[id][2] or ''
end)
flush()
forget(SAVED, 2 * #ids)
advance()
return reply
`;

export const rescueJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local function lock_plainly(id, name, locked_at, pending)
  locked_at = text(math.max(locked_at, 0))
  hset(LEASE, id, lease_entry('', '0', locked_at, pending, '', name, 'l', ''))
  zadd(index('running', name), locked_at, id)
end
local function has_begun(run)
  return run == '' or string.sub(run, 1, 1) == 's'
end
local function own_time(run, planned_at)
  local kept = string.match(run, '^[cs](%-?%d+)$')
  if kept then return tonumber(kept) end
  if run ~= 's' then return planned_at end
end
local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end
local TRAILING, OVERDUE = 0, 1
local function is_leading(facts)
  return facts.windowEnd > OVERDUE
end
local function close_window(facts, began_at)
  if facts.windowAt and not is_leading(facts) and began_at > facts.windowAt then facts.windowAt = nil end
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
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local log_exists, drop_log_of
local function remove_log(id)
  if log_exists == nil then log_exists = redis.call('HEXISTS', META, 'logSeq') == 1 end
  if not log_exists then return end
  if not drop_log_of then
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
    forget_removed()
    drop_log_of = function(job_id)
      zadd(REMOVED, now_text, job_id)
      drop_log(job_id)
    end
  end
  drop_log_of(id)
end
local function remove_keys(id, record, why)
  for _, field in ipairs(own_facts(record).keys) do
    local held_until = why == 'retention' and redis.call('ZSCORE', prefix .. 'held', field)
    local is_held = held_until and tonumber(held_until) > now
    if not is_held and redis.call('HGET', prefix .. 'keys', field) == id then
      hdel(prefix .. 'keys', field)
      zrem(prefix .. 'held', field)
    end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
    drop(prefix .. 'history:' .. id)
    zrem(prefix .. 'leaving', id)
  end
  remove_log(id)
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '"nonce":"(%x+)"')
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
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local function pass(lease_ms, pace_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt', 'watchedUntil', 'logSeq')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  local was_away = last and now - last > longest
  if was_away and (last >= held or now >= held + math.max(longest, 2 * (pace_ms or 0))) then held = soon + longest end
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest, tonumber(meta[6] or 0) > now, meta[7] ~= false
end
local function max_rescues(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  return ok and type(decoded) == 'table' and tonumber(decoded.maxRescues)
end
local allowed = {}
local function rescues_allowed(name, otherwise)
  if not allowed[name] then
    local settings = redis.call('HGET', prefix .. 'settings', name)
    allowed[name] = max_rescues(settings) or otherwise
  end
  return allowed[name]
end
local HISTORY_LENGTH = 20
local function part_of_entry(value)
  return value and text(value) or 'null'
end
local function history_entry(kind, attempt, planned_at, started_at, ended_at, host, failure)
  return '["' .. string.sub(kind, 1, 1) .. '",' .. attempt .. ',' .. part_of_entry(planned_at) .. ',' .. part_of_entry(started_at)
    .. ',' .. text(ended_at) .. ',' .. cjson.encode(host) .. (failure and ',' .. failure or '') .. ']'
end
local function told_by(facts)
  local ended_at, started_at = facts.lastFinishedAt, facts.lastRunAt
  if not ended_at then return end
  if started_at and started_at > ended_at then started_at = nil end
  local failed = facts.failedAt and facts.failedAt >= ended_at
  local kind = failed and (facts.nextRunAt and 'failed' or 'dead') or 'completed'
  return history_entry(kind, math.max(facts.attempt, 1), nil, started_at, ended_at, '', failed and facts.failure)
end
local function chronicle(id, entry, told)
  at_flush(function()
    local key = prefix .. 'history:' .. id
    local length = redis.pcall('LPUSH', key, entry)
    if type(length) ~= 'number' then return end
    if length == 1 and told then redis.call('RPUSH', key, told) end
    if length > HISTORY_LENGTH then redis.call('LTRIM', key, 0, HISTORY_LENGTH - 1) end
  end)
end
local function end_own_way(id, record, place)
  local facts = own_facts(record)
  for _, field in ipairs(facts.frees) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
  local retention = facts.overrides.retention
  local kept_ms = type(retention) == 'table' and retention[place == 'dead' and 'failed' or 'completed']
  zrem(prefix .. 'leaving', id)
  if type(kept_ms) == 'number' then zadd(prefix .. 'leaving', text(soon + math.ceil(kept_ms)), id) end
end
local STALLED = '{"reason":"stalled","name":"StalledError","message":"The process that ran this job was lost, more often than maxRescues allows."}'
local function owner(id, entry, record)
  if entry then
    local _, _, locked_at, pending, host, name, run, progress = holder(entry)
    if name then return { locked_at = locked_at, pending = pending, host = host, run = run }, name, progress end
  end
  local name = record and name_of(record)
  if name and redis.call('ZSCORE', index('running', name), id) then
    return { locked_at = now_text, pending = '', host = '', run = '' }, name, ''
  end
end
local function lose(id, name, facts, lease, planned_at, rescues_otherwise)
  local run = lease.run
  local own_at, saved, outcome = own_time(run, planned_at), tonumber(lease.pending), nil
  local at = earlier(own_at, saved)
  facts.nextRunAt = own_at
  local before = told_by(facts)
  if run == '' then
    facts.lastRunAt = tonumber(lease.locked_at)
    close_window(facts, facts.lastRunAt)
  end
  if has_begun(run) then
    at, outcome = earlier(own_at or now, saved), 'requeued'
    facts.attempt = facts.attempt + 1
    facts.rescueCount = facts.rescueCount + 1
    local attempt, is_spent = facts.attempt, facts.rescueCount > rescues_allowed(name, rescues_otherwise)
    if is_spent and saved then
      at = saved
      begin_anew(facts)
    elseif is_spent then
      at, outcome = nil, 'buried'
      facts.failedAt, facts.lastFinishedAt, facts.failure = now, now, STALLED
    end
    local failure = outcome == 'buried' and STALLED
    chronicle(id, history_entry('rescued', attempt, own_at, facts.lastRunAt, now, lease.host, failure), before)
  end
  if at ~= own_at then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  return at, outcome
end
local function rescue(limit, rescues_otherwise, told)
  local ids = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, limit)
  read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
    local lease, name, progress = owner(id, entry, record)
    zrem(LEASES, id)
    hdel(LEASE, id)
    if not name then return end
    zrem(index('running', name), id)
    if not record then
      remove_record(id, state)
      return
    end
    local asked_at, seq, priority, flags = asked(record)
    local facts = happened(state)
    local planned_at = planned(asked_at, facts)
    if progress ~= '' then facts.progress = tonumber(progress) end
    local at, outcome = lose(id, name, facts, lease, planned_at, rescues_otherwise)
    if not seq then
      outcome = 'buried'
      entomb(id, name, facts)
    else
      put_down(id, name, at, seq, priority, flags, facts)
      if outcome == 'buried' and has_flag(flags, FLAG.ends_its_own_way) then end_own_way(id, record, 'dead') end
    end
    if outcome or at ~= planned_at then hset(STATE, id, packed(facts)) end
    if outcome then told(id, name, lease.host, facts.rescueCount, outcome) end
  end)
  flush()
  advance()
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
local reply = {}
rescue(tonumber(ARGV[5]), tonumber(ARGV[7]), function(...)
  for _, part in ipairs({ ... }) do
    reply[#reply + 1] = tostring(part)
  end
end)
local next_expiry = earliest_expiry()
local more = next_expiry and next_expiry <= now
return { now_text, more and '1' or '', '', next_expiry and text(next_expiry) or '', unpack(reply) }
`;

export const saveJob = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local function lock_plainly(id, name, locked_at, pending)
  locked_at = text(math.max(locked_at, 0))
  hset(LEASE, id, lease_entry('', '0', locked_at, pending, '', name, 'l', ''))
  zadd(index('running', name), locked_at, id)
end
local function has_begun(run)
  return run == '' or string.sub(run, 1, 1) == 's'
end
local function own_time(run, planned_at)
  local kept = string.match(run, '^[cs](%-?%d+)$')
  if kept then return tonumber(kept) end
  if run ~= 's' then return planned_at end
end
local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end
local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
end
local TRAILING, OVERDUE = 0, 1
local function is_leading(facts)
  return facts.windowEnd > OVERDUE
end
local function close_window(facts, began_at)
  if facts.windowAt and not is_leading(facts) and began_at > facts.windowAt then facts.windowAt = nil end
end
local function drop_old_window(facts, run, locked_at, planned_at)
  if not facts.windowAt then return end
  if is_leading(facts) then
    if facts.windowEnd <= now then facts.windowAt = nil end
  elseif run == '' then
    close_window(facts, locked_at)
  elseif not run and not planned_at then
    facts.windowAt = nil
  end
end
local function open_window(facts, started_at, ends)
  facts.windowAt, facts.windowEnd = started_at, ends
end
local debounced = {}
function debounced.leading(facts, delay, _, next_at, given)
  if facts.windowAt and is_leading(facts) then return next_at end
  open_window(facts, now, soon + delay)
  return given
end
function debounced.trailing(facts, delay, longest, next_at)
  local started_at = facts.windowAt and not is_leading(facts) and facts.windowAt
  if started_at and facts.windowEnd == OVERDUE then return earlier(next_at, now) end
  started_at = started_at or now
  local latest = longest and started_at + longest
  open_window(facts, started_at, latest and latest <= now and OVERDUE or TRAILING)
  if facts.windowEnd == OVERDUE then return now end
  return earlier(soon + delay, latest)
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '"nonce":"(%x+)"')
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
local debounce, delay, longest = debounced[ARGV[20]], tonumber(ARGV[21]), tonumber(ARGV[22])
local SAVED = prefix .. 'saved'
local before
if mode == 'update' then
  before = redis.call('HGET', JOBS, id)
elseif key ~= '' then
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
local function reply(word, was_announced)
  return {
    now_text, word, was_announced and '1' or '', id, redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id) or '',
    redis.call('HGET', LEASE, id) or '', redis.call('HGET', RESULTS, id) or '',
  }
end
local function put(facts, at, seq)
  if at ~= facts.nextRunAt then facts.occurrenceAt = nil end
  if at and facts.known and not facts.nextRunAt then begin_anew(facts) end
  facts.nextRunAt = at
  return put_down(id, name, at, seq, priority, flags, facts)
end
local function record_of(created, at, seq, name_and_own)
  return '[' .. created .. ',' .. (at and text(at - created) or 'null') .. ',' .. text(seq) .. ',' .. ARGV[10] .. ','
    .. flags .. ',' .. name_and_own .. ',' .. ARGV[14]
end
local function mark_disabled()
  if has_flag(flags, FLAG.disabled) then zadd(index('disabled', name), 0, id) else zrem(index('disabled', name), id) end
end
if tonumber(redis.call('ZSCORE', SAVED, ARGV[17]) or 0) > now then
  if before then return reply('updated') end
  if ARGV[12] == '1' then flags = flags + FLAG.disabled end
  return { now_text, 'inserted', '', id, record_of(now_text, due, 0, ARGV[13]), ARGV[16], '', '' }
end
local function carry_out_all(word)
  mark_disabled()
  zadd(SAVED, text(soon + ARGV[18]), ARGV[17])
  flush()
  forget(SAVED, 10)
  about = ',"jobId":' .. cjson.encode(id) .. ',"priority":' .. ARGV[10]
  return reply(word, advance())
end
local function insert()
  local seq, facts = redis.call('HINCRBY', META, 'seq', 1), happened(ARGV[16] ~= '' and ARGV[16])
  local at = due
  if debounce then at = debounce(facts, delay, longest, nil, due) end
  if ARGV[12] == '1' then flags = flags + FLAG.disabled end
  hset(JOBS, id, record_of(now_text, at, seq, ARGV[13]))
  if key ~= '' then hset(prefix .. 'keys', key, id) end
  redis.call('SADD', prefix .. 'names', name)
  facts.nextRunAt = at
  if ARGV[23] ~= '' then
    lock_plainly(id, name, tonumber(ARGV[23]), '')
  else
    put_down(id, name, at, seq, priority, flags, facts)
  end
  if ARGV[16] ~= '' or debounce then hset(STATE, id, packed(facts)) end
  return carry_out_all('inserted')
end
if not before then return insert() end
if mode == 'insert-only' then return reply('updated') end
local state, entry = redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)
local facts, old_at, seq, old_priority, old_flags = happened(state), asked(before)
local planned_at = planned(old_at, facts)
local token, fence, locked_at, pending, host, _, run, progress = holder(entry or '')
local was_claimed = run and string.sub(run, 1, 1) == 'c'
local is_running = entry and not was_claimed
local run_at = planned_at
if is_running and run then run_at = own_time(run, planned_at) end
local function keeps_time()
  if not run_at then return false end
  local had_rule = has_flag(old_flags, FLAG.has_rule)
  if rule ~= '' then return had_rule and string.sub(before, -#rule) == rule end
  return not had_rule and due and due <= now
end
local function times()
  if mode == 'update' then return due, due ~= planned_at and due ~= run_at and due or nil end
  if mode == 'single' and keeps_time() then return planned_at end
  if not debounce then return due, due end
  drop_old_window(facts, run, tonumber(locked_at), planned_at)
  local next_at = planned_at
  if is_running then next_at = tonumber(pending or '') end
  local at = debounce(facts, delay, longest, next_at, due)
  return at, at
end
local at, again = times()
if ARGV[12] == '1' or (ARGV[12] == '' and has_flag(old_flags, FLAG.disabled)) then flags = flags + FLAG.disabled end
local function keep_flag(flag)
  if has_flag(old_flags, flag) and not has_flag(flags, flag) then flags = flags + flag end
end
keep_flag(FLAG.keyed)
keep_flag(FLAG.ends_its_own_way)
local created, quoted_name = string.match(before, '^%[(%d+)[^"]*("[^"]*")')
local name_and_own = quoted_name .. ',' .. signed(own_and_rest(before), ARGV[19])
local as_before = record_of(created, old_at, seq, name_and_own)
if was_claimed and at == planned_at and as_before == before then return reply('updated') end
local function mend()
  local failed_at = facts.failedAt
  if ARGV[24] ~= '=' then failed_at = tonumber(ARGV[24]) end
  if ARGV[26] ~= '=' then
    local told = string.match(ARGV[26], '"message":".*"')
    local is_same = told and failed_at == facts.failedAt and string.find(facts.failure or '', told, 1, true)
    if not is_same then facts.failure = told and ARGV[26] or nil end
  end
  facts.failedAt = failed_at
  if ARGV[25] ~= '=' then facts.failCount = tonumber(ARGV[25]) end
end
if is_running then
  if token and again then
    hset(LEASE, id, lease_entry(token, fence, locked_at, text(again), host, name, run, progress))
  end
  hset(JOBS, id, as_before)
  if debounce then
    facts.nextRunAt = planned_at
    hset(STATE, id, packed(facts))
  end
else
  if was_claimed then
    give_up(id, name)
    facts.nextRunAt = own_time(run, planned_at)
  else
    displace(id, name, planned_at, seq, old_priority)
    mend()
  end
  hset(JOBS, id, record_of(created, at, seq, name_and_own))
  local among = put(facts, at, seq)
  if planned_at and among and has_flag(flags, FLAG.ends_its_own_way) then
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local function end_own_way(id, record, place)
  local facts = own_facts(record)
  for _, field in ipairs(facts.frees) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
  local retention = facts.overrides.retention
  local kept_ms = type(retention) == 'table' and retention[place == 'dead' and 'failed' or 'completed']
  zrem(prefix .. 'leaving', id)
  if type(kept_ms) == 'number' then zadd(prefix .. 'leaving', text(soon + math.ceil(kept_ms)), id) end
end
    end_own_way(id, before, among)
  end
  if state or debounce or facts.failedAt or facts.failure or facts.failCount > 0 then hset(STATE, id, packed(facts)) end
end
return carry_out_all('updated')
`;

export const scanJobs = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
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
local MOST_LOOKED, MOST_STEPS = 500, 100
local wanted, every_name = tonumber(ARGV[4]), #ARGV < 5
local reply, looked, bytes, step = { now_text, ARGV[3] }, 0, 0, FIRST_STEP
local names = {}
for i = 5, #ARGV do
  names[ARGV[i]] = true
end
for _ = 1, MOST_STEPS do
  local cursor, fields = unpack(redis.call('HSCAN', JOBS, reply[2], 'COUNT', step))
  reply[2] = cursor
  for i = 1, #fields, 2 do
    looked, bytes = looked + 1, bytes + #fields[i + 1]
    if every_name or names[name_of(fields[i + 1])] then reply[#reply + 1] = fields[i] end
  end
  local missing = wanted - (#reply - 2)
  if cursor == '0' or missing <= 0 or looked >= MOST_LOOKED or bytes >= READ_BYTES then break end
  step = math.max(math.min(math.floor((READ_BYTES - bytes) * looked / math.max(bytes, 1)), LARGEST_STEP, missing), 1)
end
return reply
`;

export const settleAndClaim = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FORGET_AFTER = 10
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local function pass(lease_ms, pace_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt', 'watchedUntil', 'logSeq')
  local last, held, fence = tonumber(meta[1]), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
  local longest, seen_at = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
  local is_forgotten = last and last - seen_at > FORGET_AFTER * longest
  if lease_ms > longest or is_forgotten or (lease_ms == longest and math.abs(now - seen_at) > longest) then
    longest = lease_ms
    redis.call('HSET', META, 'longestLease', text(longest), 'longestLeaseAt', now_text)
  end
  local before = held
  local was_away = last and now - last > longest
  if was_away and (last >= held or now >= held + math.max(longest, 2 * (pace_ms or 0))) then held = soon + longest end
  if held > soon + longest then held = soon + longest end
  if held ~= before then redis.call('HSET', META, 'heldUntil', text(held)) end
  return held, fence, longest, tonumber(meta[6] or 0) > now, meta[7] ~= false
end
local MOST_READ = 100
local function may_have_more(found)
  return #found == 2 * MOST_READ
end
local function due_names(names)
  local found = redis.call('ZRANGEBYSCORE', DUE, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, MOST_READ)
  local since, list = {}, {}
  for i = 1, #found, 2 do
    since[found[i]] = tonumber(found[i + 1])
  end
  for _, name in ipairs(names) do
    if not since[name] and may_have_more(found) then
      local at = tonumber(redis.call('ZSCORE', DUE, name) or 'inf')
      if at <= now then since[name] = at end
    end
    if since[name] then list[#list + 1] = name end
  end
  return list, since
end
local function next_timed(name)
  return tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
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
    local found = redis.call('ZRANGE', DUE, 0, MOST_READ - 1, 'WITHSCORES')
    for i = 1, #found, 2 do
      if asked_for[found[i]] then
        first = tonumber(found[i + 1])
        break
      end
    end
    if not first and may_have_more(found) then
      for _, name in ipairs(names) do
        local at = tonumber(redis.call('ZSCORE', DUE, name))
        if at and (not first or at < first) then first = at end
      end
    end
  end
  return first and math.max(first - now, 0)
end
local claim_id, host, lease_ms, slots = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local gone_ms, settlements = tonumber(ARGV[9]), tonumber(ARGV[10])
local memory = prefix .. 'claim:' .. host .. ':' .. ARGV[11]
local rescues, last_starts_left = tonumber(ARGV[13]), tonumber(ARGV[14]) or math.huge
local asked_for, free = {}, {}
for i = 15 + settlements * 4, #ARGV, 2 do
  asked_for[#asked_for + 1] = ARGV[i]
  free[ARGV[i]] = tonumber(ARGV[i + 1])
end
local function or_empty(value)
  return value and text(value) or ''
end
local keeps_due = {}
local function until_due()
  if slots == 0 then return '' end
  local open, first = {}, math.huge
  for _, name in ipairs(asked_for) do
    if free[name] > 0 and not keeps_due[name] then
      open[#open + 1] = name
    elseif free[name] > 0 then
      first = math.min(first, next_timed(name) or math.huge)
    end
  end
  first = math.min(math.max(first - now, 0), due_in(open) or math.huge)
  return first < math.huge and text(first) or ''
end
local remembered = redis.call('GET', memory)
local last_id = remembered and string.match(remembered, '^%x+')
local is_repeat, is_lost = last_id == claim_id, last_id and ARGV[12] ~= '-' and last_id ~= ARGV[12]
local fence, watched, has_log
if is_repeat then
  watched = tonumber(redis.call('HGET', META, 'watchedUntil') or 0) > now and '1' or ''
else
  redis.call('DEL', memory)
  local _, last_fence, _, is_watched, was_logged = pass(lease_ms)
  fence, watched, has_log = math.max(last_fence + 1, micros), is_watched and '1' or '', was_logged
end
local is_plain = settlements == 0 and not is_repeat and not is_lost
local due, due_since = {}, nil
if is_plain and slots > 0 then
  due, due_since = due_names(asked_for)
end
if is_plain and not due[1] then
  redis.call('HSET', META, 'lastPass', now_text, 'fence', text(fence))
  return { now_text, {}, until_due(), or_empty(earliest_expiry()), text(fence), text(soon + lease_ms), {}, now_text, watched }
end
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
end
local function max_rescues(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  return ok and type(decoded) == 'table' and tonumber(decoded.maxRescues)
end
local allowed = {}
local function rescues_allowed(name, otherwise)
  if not allowed[name] then
    local settings = redis.call('HGET', prefix .. 'settings', name)
    allowed[name] = max_rescues(settings) or otherwise
  end
  return allowed[name]
end
local RESCUE_COUNT = '^%[' .. string.rep('[^,]*,', 6) .. '(%d+)'
local function is_last_start(name, state, rescues_otherwise)
  local count = state and tonumber(string.match(state, RESCUE_COUNT) or 0)
  if not count or count == 0 then return false end
  local most = rescues_allowed(name, rescues_otherwise)
  return most >= 1 and count >= most
end
if is_repeat or is_lost then
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
    local _, _, locked_at, _, _, name = holder(entry)
    local record, score = redis.call('HGET', JOBS, id), tonumber(redis.call('ZSCORE', LEASES, id))
    if not locked_at or not record or not score then return end
    claimed_at = locked_at
    expiry = math.min(expiry or math.huge, score)
    local state = redis.call('HGET', STATE, id) or ''
    local number = is_last_start(name, state, rescues) and n .. '!' or tostring(n)
    for _, part in ipairs({ number, id, record, state }) do
      jobs[#jobs + 1] = part
    end
  end)
  return answers, fence, expiry, jobs, claimed_at
end
  if is_repeat then
    local answers, first_fence, expiry, jobs, claimed_at = same_again(remembered)
    return { now_text, answers, '0', or_empty(earliest_expiry()), first_fence, or_empty(expiry), jobs, claimed_at, watched }
  end
  take_back(remembered)
end
local answers, all_ok = {}, true
if settlements > 0 then
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
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local log_exists, drop_log_of
local function remove_log(id)
  if log_exists == nil then log_exists = redis.call('HEXISTS', META, 'logSeq') == 1 end
  if not log_exists then return end
  if not drop_log_of then
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
    forget_removed()
    drop_log_of = function(job_id)
      zadd(REMOVED, now_text, job_id)
      drop_log(job_id)
    end
  end
  drop_log_of(id)
end
local function remove_keys(id, record, why)
  for _, field in ipairs(own_facts(record).keys) do
    local held_until = why == 'retention' and redis.call('ZSCORE', prefix .. 'held', field)
    local is_held = held_until and tonumber(held_until) > now
    if not is_held and redis.call('HGET', prefix .. 'keys', field) == id then
      hdel(prefix .. 'keys', field)
      zrem(prefix .. 'held', field)
    end
  end
end
local function remove_record(id, has_state)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
    drop(prefix .. 'history:' .. id)
    zrem(prefix .. 'leaving', id)
  end
  remove_log(id)
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '"nonce":"(%x+)"')
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
  if token == '' or string.sub(entry, 1, 1) == '|' then return 'lease-mismatch' end
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
    return kind == 'completed' or kind == 'completed-own' or kind == 'removed' or kind == 'bury'
  end
  return kind == 'bury' and redis.call('ZSCORE', index('dead', name), id)
end
local end_otherwise
local function settle(id, kind, argument, body, entry, state, gone_ms)
  local _, _, locked_at, pending, host, name, _, progress = holder(entry)
  if not name then return 'lease-mismatch' end
  give_up(id, name)
  if kind == 'removed' and pending == '' then
    local record = string.find(argument, 'k', 1, true) and redis.call('HGET', JOBS, id)
    if record then remove_keys(id, record, 'retention') end
    local age = string.match(argument, 'y(%d+)')
    if age and tonumber(age) <= gone_kept(gone_ms) then remember_gone(id, record, gone_ms) end
    remove_record(id, state)
    zrem(index('disabled', name), id)
    return
  end
  if kind == 'removed' then kind, argument = 'completed', '' end
  local done = (kind == 'completed' or kind == 'completed-own') and argument == '' and pending == ''
  if done and kind == 'completed' and not state and progress == '' then
    zadd(index('completed', name), now_text, id)
    if body ~= '' then hset(RESULTS, id, body) end
    hset(STATE, id, '[null,' .. locked_at .. ',' .. now_text .. ',1]')
    return
  end
  if not end_otherwise then
local TRAILING, OVERDUE = 0, 1
local function is_leading(facts)
  return facts.windowEnd > OVERDUE
end
local function close_window(facts, began_at)
  if facts.windowAt and not is_leading(facts) and began_at > facts.windowAt then facts.windowAt = nil end
end
local HISTORY_LENGTH = 20
local function part_of_entry(value)
  return value and text(value) or 'null'
end
local function history_entry(kind, attempt, planned_at, started_at, ended_at, host, failure)
  return '["' .. string.sub(kind, 1, 1) .. '",' .. attempt .. ',' .. part_of_entry(planned_at) .. ',' .. part_of_entry(started_at)
    .. ',' .. text(ended_at) .. ',' .. cjson.encode(host) .. (failure and ',' .. failure or '') .. ']'
end
local function told_by(facts)
  local ended_at, started_at = facts.lastFinishedAt, facts.lastRunAt
  if not ended_at then return end
  if started_at and started_at > ended_at then started_at = nil end
  local failed = facts.failedAt and facts.failedAt >= ended_at
  local kind = failed and (facts.nextRunAt and 'failed' or 'dead') or 'completed'
  return history_entry(kind, math.max(facts.attempt, 1), nil, started_at, ended_at, '', failed and facts.failure)
end
local function chronicle(id, entry, told)
  at_flush(function()
    local key = prefix .. 'history:' .. id
    local length = redis.pcall('LPUSH', key, entry)
    if type(length) ~= 'number' then return end
    if length == 1 and told then redis.call('RPUSH', key, told) end
    if length > HISTORY_LENGTH then redis.call('LTRIM', key, 0, HISTORY_LENGTH - 1) end
  end)
end
local function end_own_way(id, record, place)
  local facts = own_facts(record)
  for _, field in ipairs(facts.frees) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
  local retention = facts.overrides.retention
  local kept_ms = type(retention) == 'table' and retention[place == 'dead' and 'failed' or 'completed']
  zrem(prefix .. 'leaving', id)
  if type(kept_ms) == 'number' then zadd(prefix .. 'leaving', text(soon + math.ceil(kept_ms)), id) end
end
local function later(due, at)
  if due == '+0' and at then return math.min(at, now) end
  return instant(due)
end
local settle_as = {}
function settle_as.completed(facts, at, argument)
  facts.lastFinishedAt = math.max(now, (facts.failedAt or 0) + 1)
  facts.failCount = 0
  local next_at = tonumber(argument)
  if not next_at then
    facts.attempt = facts.attempt + 1
    return nil
  end
  begin_anew(facts)
  return next_at
end
local function failures(body)
  local at = string.find(body, '\\n', 1, true)
  if not at then return body, body end
  return string.sub(body, 1, at - 1), string.sub(body, at + 1)
end
function settle_as.retry(facts, at, argument, body)
  facts.attempt = facts.attempt + 1
  facts.failCount = facts.failCount + 1
  facts.lastFinishedAt, facts.failedAt, facts.failure = now, now, (failures(body))
  return later(argument, at)
end
settle_as['retry-fresh'] = function(facts, at, argument, body)
  local next_at = settle_as.retry(facts, at, argument, body)
  begin_anew(facts)
  return next_at
end
function settle_as.bury(facts, at, argument, body)
  settle_as.retry(facts, at, '+0', body)
  return nil
end
function settle_as.release(facts, at)
  facts.releaseCount = facts.releaseCount + 1
  return later('+0', at)
end
function settle_as.snooze(facts, at, argument)
  facts.snoozeCount = facts.snoozeCount + 1
  return later(argument, at)
end
function settle_as.skip(facts, at, argument)
  return tonumber(argument)
end
local IS_FAILURE = { retry = true, ['retry-fresh'] = true, bury = true }
local GOES_ON = { retry = true, release = true, snooze = true }
local function occurrence(kind, facts, flags, at, next_at, pending)
  if not GOES_ON[kind] or pending ~= '' or not has_flag(flags, FLAG.has_rule) then return nil end
  return facts.occurrenceAt or (next_at ~= at and at or nil)
end
local function with_pending(kind, next_at, pending)
  if pending == '' then return next_at end
  local saved = tonumber(pending)
  if next_at and GOES_ON[kind] then return math.min(next_at, saved) end
  return saved
end
local function entry_of(kind, facts, before, at, locked_at, host, body)
  if kind == 'completed' then
    if before.was_untouched and not facts.nextRunAt then return end
    return history_entry(kind, before.attempt + 1, at, locked_at, facts.lastFinishedAt, host)
  end
  if not IS_FAILURE[kind] then return end
  local _, failure = failures(body)
  return history_entry(facts.nextRunAt and 'failed' or 'dead', before.attempt + 1, at, locked_at, now, host, failure)
end
local function end_attempt(id, kind, argument, body, state, lease, done)
  local may_end_own_way = kind == 'completed-own'
  if may_end_own_way then kind = 'completed' end
  local name, pending = lease.name, lease.pending
  local locked_at = tonumber(lease.locked_at)
  local facts = happened(state)
  local before = {
    attempt = facts.attempt, told = told_by(facts), was_untouched = not (facts.lastRunAt or facts.lastFinishedAt),
  }
  if lease.progress ~= '' then facts.progress = tonumber(lease.progress) end
  if kind ~= 'skip' then facts.lastRunAt = locked_at end
  close_window(facts, locked_at)
  local at = facts.nextRunAt
  if done then
    settle_as.completed(facts, nil, '')
    facts.nextRunAt = nil
    zadd(index('completed', name), text(facts.lastFinishedAt), id)
    local record = may_end_own_way and redis.call('HGET', JOBS, id)
    if record then end_own_way(id, record, 'completed') end
  else
    local record = redis.call('HGET', JOBS, id)
    if not record then
      remove_record(id, state)
      return 'not-found'
    end
    local asked_at, seq, priority, flags = asked(record)
    at = planned(asked_at, facts)
    local next_at = with_pending(kind, settle_as[kind](facts, at, argument, body), pending)
    facts.occurrenceAt = occurrence(kind, facts, flags or 0, at, next_at, pending)
    facts.nextRunAt = next_at
    if next_at and not seq then
      entomb(id, name, facts)
    elseif next_at then
      place(id, name, next_at, seq, priority, flags, facts)
    else
      zadd(index('dead', name), now_text, id)
      if has_flag(flags or 0, FLAG.ends_its_own_way) then end_own_way(id, record, 'dead') end
    end
  end
  if kind == 'completed' then
    if body ~= '' then hset(RESULTS, id, body) elseif state then hdel(RESULTS, id) end
  end
  local entry = entry_of(kind, facts, before, at, locked_at, lease.host, body)
  if entry then chronicle(id, entry, before.told) end
  hset(STATE, id, packed(facts))
end
    end_otherwise = end_attempt
  end
  local lease = { name = name, locked_at = locked_at, pending = pending, progress = progress, host = host }
  return end_otherwise(id, kind, argument, body, state, lease, done)
end
  log_exists = has_log
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
  local ids, seen = {}, {}
  for i = 1, settlements do
    ids[i] = ARGV[11 + i * 4]
  end
  local entries, states = redis.call('HMGET', LEASE, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
  local first_expiry, young = earliest_expiry(), false
  for i = 1, settlements do
    local id, token, how, body = ids[i], ARGV[12 + i * 4], manner(ARGV[13 + i * 4]), ARGV[14 + i * 4]
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
local PROMOTE_LIMIT = 50
local promoted, promotions_left = {}, PROMOTE_LIMIT
local function seq_priority_id(member)
  local priority, id = string.match(member, '^([^:]*):(.*)$', 13)
  return tonumber(string.sub(member, 1, 12), 16), tonumber(priority) or 0, id
end
local function promote(name)
  if promoted[name] then return end
  promoted[name] = true
  if promotions_left == 0 then return end
  local timed = index('timed', name)
  local due = redis.call('ZRANGEBYSCORE', timed, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, promotions_left)
  if not due[1] then return end
  promotions_left = promotions_left - #due / 2
  for i = 1, #due, 2 do
    local seq, priority, id = seq_priority_id(due[i])
    zrem(timed, due[i])
    local at = tonumber(due[i + 1])
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  end
  flush()
end
local function recede(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return false end
  local head = redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2]
  if head then
    redis.call('ZADD', DUE, head, name)
  else
    redis.call('ZREM', DUE, name)
  end
  return true
end
local MAX_BYTES, MOST_PASSED = 1048576, 100
local passed, passed_in_all = {}, 0
local function find_ready(name, want, may_come)
  local ready, members, ids, states = index('ready', name), {}, {}, {}
  repeat
    local from, wanted = (passed[name] or 0) + #members, want - #members
    local page, page_ids = redis.call('ZRANGE', ready, from, from + wanted - 1), {}
    for i, member in ipairs(page) do
      page_ids[i] = string.sub(member, READY_ID)
    end
    local page_states = page[1] and redis.call('HMGET', STATE, unpack(page_ids))
    for i, member in ipairs(page) do
      local id, state = page_ids[i], page_states[i]
      if not state or may_come(name, id, state) then
        local n = #members + 1
        members[n], ids[n], states[n] = member, id, state
      else
        passed[name], passed_in_all = (passed[name] or 0) + 1, passed_in_all + 1
      end
    end
  until #members == want or #page < wanted
  return members, ids, states
end
local function passed_any()
  return passed_in_all > 0
end
local function keeps_all(name)
  return passed[name] ~= nil and redis.call('ZCARD', index('ready', name)) == passed[name]
end
local FIRST_READ = 4
local bytes, read = 0, 0
local function next_read(left)
  if read == 0 then return math.min(left, FIRST_READ) end
  return math.min(left, math.max(math.floor((MAX_BYTES - bytes) * read / math.max(bytes, 1)), 1))
end
local function take_ready(name, want, may_come, take)
  promote(name)
  local members, ids, states = find_ready(name, want, may_come)
  local ready, taken, from = index('ready', name), 0, 1
  local repeating, retrying = index('repeating', name), index('retrying', name)
  local counted_apart = members[1] and redis.call('EXISTS', repeating, retrying) > 0
  while from <= #members and bytes < MAX_BYTES do
    local last = from + next_read(#members - from + 1) - 1
    local records = redis.call('HMGET', JOBS, unpack(ids, from, last))
    for i = from, last do
      local id, record, state = ids[i], records[i - from + 1], states[i]
      zrem(ready, members[i])
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
    from = last + 1
  end
  flush()
  return taken
end
local expiry, jobs, ids = soon + lease_ms, {}, {}
local last_starts = {}
local function may_come(name, id, state)
  if not is_last_start(name, state, rescues) then return true end
  if last_starts_left == 0 and passed_in_all < MOST_PASSED then return false end
  last_starts_left = math.max(last_starts_left - 1, 0)
  last_starts[id] = true
  return true
end
local expiry_text, held_by = text(expiry), '|' .. now_text .. '||' .. host .. '|||'
local function take(id, record, state, name)
  local n = #ids + 1
  ids[n] = id
  hset(LEASE, id, claim_id .. ':' .. n .. '|' .. text(fence + n - 1) .. held_by .. name)
  zadd(LEASES, expiry_text, id)
  zadd(index('running', name), now_text, id)
  local last = #jobs
  local number = last_starts[id] and n .. '!' or tostring(n)
  jobs[last + 1], jobs[last + 2], jobs[last + 3], jobs[last + 4] = number, id, record, state or ''
end
if slots > 0 then
  if not is_plain then
    due, due_since = due_names(asked_for)
  end
  local share, full = math.max(math.floor(slots / math.max(#due, 1)), 1), {}
  for _, name in ipairs(due) do
    local want = math.min(share, free[name], slots)
    if want > 0 then
      local got = take_ready(name, want, may_come, take)
      slots, free[name] = slots - got, free[name] - got
      if got == want and free[name] > 0 then full[#full + 1] = name end
    end
  end
  for _, name in ipairs(full) do
    local want = math.min(free[name], slots)
    if want > 0 then
      local got = take_ready(name, want, may_come, take)
      slots, free[name] = slots - got, free[name] - got
    end
  end
  for _, name in ipairs(due) do
    if promoted[name] and not recede(name) then
      keeps_due[name] = keeps_all(name)
      mark_due(name, due_since[name], keeps_due[name])
    end
  end
end
redis.call('HSET', META, 'lastPass', now_text, 'fence', text(fence + math.max(#ids, 1) - 1))
if #ids > 0 or settlements > 0 then
  local words = all_ok and '' or table.concat(answers, ' ')
  redis.call('SET', memory, claim_id .. '\\n' .. words .. '\\n' .. text(fence) .. '\\n' .. table.concat(ids, '\\n'), 'PX', 2 * lease_ms + 60000)
end
return { now_text, all_ok and {} or answers, until_due(), or_empty(earliest_expiry()), text(fence), text(expiry), jobs, now_text, watched, passed_any() and '1' or nil }
`;

export const watchStates = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local watched_until = soon + tonumber(ARGV[3])
if watched_until > tonumber(redis.call('HGET', META, 'watchedUntil') or 0) then
  redis.call('HSET', META, 'watchedUntil', text(watched_until))
end
return { now_text }
`;

export const writeLog = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
local REMOVED_KEPT_MS, MOST_REMOVED = 3600000, 10000
local drops_left = 100
local function owners(entry)
  local name, job_id = string.match(entry or '', '^%["([^"]*)","([^"]*)"')
  if not name then return end
  if string.find(name, '\\\\', 1, true) or string.find(job_id, '\\\\', 1, true) then
    local ok, texts = pcall(cjson.decode, '["' .. name .. '","' .. job_id .. '"]')
    if not ok then return end
    name, job_id = texts[1], texts[2]
  end
  return name, job_id ~= '' and job_id or nil
end
local function drop_entries(key, members)
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = string.sub(member, 1, 12)
  end
  return read_some(ids, { LOGS }, function(i, id, entry)
    local name, job_id = owners(entry)
    zrem(key, members[i])
    zrem(LOGS_ALL, members[i])
    if name then zrem(index('logs:name', name), members[i]) end
    if job_id then zrem(index('logs:job', job_id), members[i]) end
    hdel(LOGS, id)
  end)
end
local function drop_log(id)
  local key = index('logs:job', id)
  local members = redis.call('ZRANGE', key, 0, drops_left)
  local count = #members
  if count > drops_left then members[count] = nil end
  local dropped = drop_entries(key, members)
  drops_left = drops_left - dropped
  zrem(LEAVING, id)
  if dropped < count then zadd(LEAVING, now_text, id) end
end
local function drop_leaving()
  for _, id in ipairs(redis.call('ZRANGE', LEAVING, 0, 9)) do
    if drops_left > 0 then drop_log(id) end
  end
end
local function forget_removed()
  local aged = redis.call('ZCOUNT', REMOVED, '-inf', text(now - REMOVED_KEPT_MS))
  local over = redis.call('ZCARD', REMOVED) - MOST_REMOVED
  if aged > 0 or over > 0 then redis.call('ZREMRANGEBYRANK', REMOVED, 0, math.min(math.max(aged, over), 200) - 1) end
end
local writer = prefix .. 'logs:writer:' .. ARGV[3]
local last = tonumber(redis.call('GET', writer) or 0)
if ARGV[5] == 'repeat' and last >= tonumber(ARGV[4]) then return { now_text } end
redis.call('SET', writer, ARGV[4], 'PX', ARGV[6])
local are_removed, some_removed = {}, redis.call('EXISTS', REMOVED) == 1
local function is_removed(id)
  if are_removed[id] == nil then
    are_removed[id] = redis.call('ZSCORE', REMOVED, id) and redis.call('HEXISTS', JOBS, id) == 0
  end
  return are_removed[id]
end
local count = (#ARGV - 8) / 5
local number = redis.call('HINCRBY', META, 'logSeq', count) - count
for i = 9, #ARGV, 5 do
  local at, name, job_id = ARGV[i], ARGV[i + 2], ARGV[i + 3]
  number = number + 1
  if job_id == '' or not some_removed or not is_removed(job_id) then
    local id = string.format('%012x', number)
    local member = id .. ARGV[i + 1]
    hset(LOGS, id, ARGV[i + 4])
    zadd(LOGS_ALL, at, member)
    zadd(index('logs:name', name), at, member)
    if job_id ~= '' then zadd(index('logs:job', job_id), at, member) end
  end
end
flush()
local over = redis.call('ZCARD', LOGS_ALL) - tonumber(ARGV[8])
if ARGV[7] ~= '' then
  over = math.max(over, redis.call('ZCOUNT', LOGS_ALL, '-inf', '(' .. text(now - tonumber(ARGV[7]))))
end
drops_left = count + 50
if over > 0 then
  drops_left = drops_left - drop_entries(LOGS_ALL, redis.call('ZRANGE', LOGS_ALL, 0, math.min(over, drops_left) - 1))
  flush()
end
drop_leaving()
flush()
return { now_text }
`;

export const writeRow = `local now, soon, micros
if #ARGV[2] == 2 then
  local time = redis.call('TIME')
  micros = time[1] * 1000000 + time[2]
  now = math.floor(micros / 1000)
  soon = math.ceil(micros / 1000)
else
  now = tonumber(string.sub(ARGV[2], 3))
  soon = now
  micros = now * 1000
end
local function text(number)
  return string.format('%d', number)
end
local now_text = text(now)
local function instant(due)
  if due == '+0' then return now end
  if string.sub(due, 1, 1) == '+' then return soon + string.sub(due, 2) end
  return tonumber(due)
end
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
local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local function ready_score(at, priority)
  if FIRST == 'P' then return -priority end
  if FIRST == 't' then return at end
  if FIRST == 'p' then return priority end
  return -at
end
local TIME_WIDTH, PRIORITY_WIDTH, SEQ_WIDTH, EPOCH, LATEST = 12, 16, 12, 28000000000000, 281474976710655
local priority_keys = {}
local function priority_key(priority)
  local key = priority_keys[priority]
  if key then return key end
  local bytes = { string.byte(struct.pack('>d', priority + 0), 1, 8) }
  local is_negative, falls = bytes[1] >= 128, SECOND == 'P'
  for i = 1, 8 do
    if is_negative ~= falls then bytes[i] = 255 - bytes[i] end
  end
  if not is_negative then bytes[1] = (bytes[1] + 128) % 256 end
  key = string.format(string.rep('%02x', 8), unpack(bytes))
  priority_keys[priority] = key
  return key
end
local function second_key(at, priority)
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id)
  return second_key(at, priority) .. string.format('%012x', seq) .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function comes_first(priority, other)
  if FIRST == 'P' or SECOND == 'P' then return priority > other end
  return (FIRST == 'p' or SECOND == 'p') and priority < other
end
local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
local function drop(key)
  dropped[#dropped + 1] = key
end
local function at_flush(write)
  others[#others + 1] = write
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
  for _, write in ipairs(others) do
    write()
  end
  if dropped[1] then redis.call('DEL', unpack(dropped)) end
  removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
end
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
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
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
end
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = tonumber(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end
local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end
local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
local earliest = {}
local function timed_member(seq, priority, id)
  return string.format('%012x', seq) .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function place(id, name, at, seq, priority, flags, facts)
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    return
  end
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority), ready_member(at, seq, priority, id))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority)
  if at then
    zrem(index('ready', name), ready_member(at, seq, priority, id))
    zrem(index('timed', name), timed_member(seq, priority, id))
    zrem(index('parked', name), id)
    zrem(index('repeating', name), id)
    zrem(index('retrying', name), id)
  else
    zrem(index('completed', name), id)
    zrem(index('dead', name), id)
  end
end
local function settle_down(id, name, facts)
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local among = failed and 'dead' or 'completed'
  zadd(index(among, name), text(failed and facts.failedAt or facts.lastFinishedAt or now), id)
  return among
end
local function put_down(id, name, at, seq, priority, flags, facts)
  if not at then return settle_down(id, name, facts) end
  place(id, name, at, seq, priority, flags, facts)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] == '' then return end
  redis.pcall('PUBLISH', ARGV[3], ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local function is_marked(due)
  return due % 1 > 0
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function advance()
  local news = {}
  for name, at in pairs(earliest) do
    local before = tonumber(redis.call('ZSCORE', DUE, name))
    local marked = before and is_marked(before)
    local is_earlier = not before or at < before
    if is_earlier then redis.call('ZADD', DUE, text(at), name) end
    if marked or is_earlier and (not before or before > now) then news[name] = at end
  end
  earliest = {}
  for name, at in pairs(news) do
    announce(name, at)
  end
  return next(news) ~= nil
end
local function lock_plainly(id, name, locked_at, pending)
  locked_at = text(math.max(locked_at, 0))
  hset(LEASE, id, lease_entry('', '0', locked_at, pending, '', name, 'l', ''))
  zadd(index('running', name), locked_at, id)
end
local function has_begun(run)
  return run == '' or string.sub(run, 1, 1) == 's'
end
local function own_time(run, planned_at)
  local kept = string.match(run, '^[cs](%-?%d+)$')
  if kept then return tonumber(kept) end
  if run ~= 's' then return planned_at end
end
local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end
local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
end
local TRAILING, OVERDUE = 0, 1
local function is_leading(facts)
  return facts.windowEnd > OVERDUE
end
local function close_window(facts, began_at)
  if facts.windowAt and not is_leading(facts) and began_at > facts.windowAt then facts.windowAt = nil end
end
local function refusal(id, entry, token, earliest_expiry, after_expiry)
  if not entry then
    return redis.call('HEXISTS', JOBS, id) == 1 and 'not-running' or 'not-found'
  end
  if token == '' or string.sub(entry, 1, 1) == '|' then return 'lease-mismatch' end
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
    return kind == 'completed' or kind == 'completed-own' or kind == 'removed' or kind == 'bury'
  end
  return kind == 'bury' and redis.call('ZSCORE', index('dead', name), id)
end
local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
local function forget_gone(limit)
  forget(GONE, limit)
end
local id, token, locked_at, next_at = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local SAVED = prefix .. 'saved'
if tonumber(redis.call('ZSCORE', SAVED, ARGV[17]) or 0) > now then return { now_text, 'ok' } end
local record, state, entry = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)
local asked_at, seq, priority, flags = asked(record or '')
local held_by, fence, _, pending, host, name, run, progress = holder(entry or '')
if not entry then name = name_of(record or '') end
if entry and not held_by or record and not (seq and name) then return { now_text, 'lease-mismatch' } end
local is_held = entry and run ~= 'l'
local is_sign_of_child = token == '' and is_held and run ~= '' and locked_at and has_flag(flags or 0, FLAG.forked)
local function refused()
  if not record then return 'not-found' end
  if token ~= '' then return refusal(id, entry, token, nil, true) end
  if is_held and not is_sign_of_child then return 'lease-mismatch' end
end
local word = refused()
if word then return { now_text, word } end
redis.call('PERSIST', META)
local facts = happened(state)
local planned_at = planned(asked_at, facts)
if not facts.known then facts.nextRunAt = planned_at end
local function is_same_failure(failed_at)
  local told = string.match(ARGV[13], '"message":".*"')
  if facts.failedAt ~= failed_at or (facts.failure == nil) ~= (told == nil) then return false end
  return not told or string.find(facts.failure, told, 1, true) ~= nil
end
local function tell()
  local failed_at = tonumber(ARGV[11])
  if not is_same_failure(failed_at) then facts.failure = ARGV[13] ~= '' and ARGV[13] or nil end
  facts.lastRunAt, facts.lastFinishedAt, facts.failedAt = tonumber(ARGV[9]), tonumber(ARGV[10]), failed_at
  facts.failCount = tonumber(ARGV[12])
end
local function tell_progress()
  if ARGV[14] ~= '' then facts.progress = tonumber(ARGV[14]) end
end
local function begin()
  if facts.windowAt and not is_leading(facts) then facts.windowAt = nil end
end
local function has_failed()
  return facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
end
local function prolong(new_run)
  hset(LEASE, id, lease_entry(held_by, fence, now_text, pending, host, name, new_run, progress))
  zadd(index('running', name), now_text, id)
  zadd(LEASES, text(math.max(tonumber(redis.call('ZSCORE', LEASES, id) or 0), soon + tonumber(ARGV[16]))), id)
end
local function settle_at(at, ended_among)
  local saved = tonumber(pending or '')
  if saved then at = has_failed() and earlier(at, saved) or saved end
  if at ~= facts.nextRunAt then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  local among = put_down(id, name, at, seq, priority, flags, facts)
  if among and among ~= ended_among and has_flag(flags, FLAG.ends_its_own_way) then
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end
local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end
local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return { keys = texts_of(facts.keys), frees = texts_of(facts.frees), overrides = table_or_empty(facts.overrides) }
end
local function end_own_way(id, record, place)
  local facts = own_facts(record)
  for _, field in ipairs(facts.frees) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
  local retention = facts.overrides.retention
  local kept_ms = type(retention) == 'table' and retention[place == 'dead' and 'failed' or 'completed']
  zrem(prefix .. 'leaving', id)
  if type(kept_ms) == 'number' then zadd(prefix .. 'leaving', text(soon + math.ceil(kept_ms)), id) end
end
    end_own_way(id, record, among)
  end
end
local function keep()
  local new_run = run
  if string.sub(run, 1, 1) == 'c' then
    local own_at = own_time(run, planned_at)
    new_run = 's' .. (own_at and text(own_at) or '')
    redis.call('DEL', prefix .. 'handed:' .. string.match(token, '^[^:]*'))
    begin()
  end
  tell()
  facts.nextRunAt = next_at
  prolong(new_run)
end
local function close()
  give_up(id, name)
  if string.sub(run, 1, 1) == 'c' then begin() end
  tell()
  if not has_failed() then
    if state then hdel(RESULTS, id) end
    if next_at then begin_anew(facts) end
  end
  if has_failed() or not next_at then facts.attempt = facts.attempt + 1 end
  settle_at(next_at)
  facts.occurrenceAt = nil
end
local function write_unheld()
  local ended_among = not entry and not planned_at and (has_failed() and 'dead' or 'completed')
  if entry then give_up(id, name) else displace(id, name, planned_at, seq, priority) end
  if tonumber(ARGV[9]) ~= facts.lastRunAt then begin() end
  tell()
  if not locked_at then return settle_at(next_at, ended_among) end
  facts.nextRunAt = next_at
  lock_plainly(id, name, locked_at, pending or '')
end
tell_progress()
if is_sign_of_child then
  prolong(run)
else
  local signed_record = record_by(record, ARGV[15])
  if signed_record ~= record then hset(JOBS, id, signed_record) end
  if token == '' then write_unheld() elseif locked_at then keep() else close() end
end
hset(STATE, id, packed(facts))
if token == '' or not locked_at then zadd(SAVED, text(soon + ARGV[18]), ARGV[17]) end
flush()
forget(SAVED, 10)
advance()
return { now_text, 'ok' }
`;
