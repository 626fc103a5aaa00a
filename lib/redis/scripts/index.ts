// Generated from the .lua files beside it by `npm run generate`. Do not edit.

const time_1 = `local now, soon, micros
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
`;

const key_1 = `local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS, PROGRESS = prefix .. 'jobs:state', prefix .. 'results', prefix .. 'progress'
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
`;

const order_1 = `local FIRST, SECOND = string.sub(ARGV[2], 1, 1), string.sub(ARGV[2], 2, 2)
local FRONT = -9007199254740991
local function ready_score(at, priority, is_first)
  if FIRST == 'P' then return -priority end
  if is_first and FIRST ~= 'p' then return FRONT end
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
local FRONT_TIME, LAST_SEQ = string.rep('-', TIME_WIDTH), 17592186044415
local function second_key(at, priority, is_first)
  if is_first and (SECOND == 't' or SECOND == 'T') then return FRONT_TIME end
  if SECOND == 't' then return string.format('%012x', math.max(at + EPOCH, 0)) end
  if SECOND == 'T' then return string.format('%012x', LATEST - math.max(at + EPOCH, 0)) end
  return SECOND == '-' and '' or priority_key(priority)
end
local function ready_member(at, seq, priority, id, is_first)
  local place_in_line = is_first and string.format('-%011x', LAST_SEQ - seq) or string.format('%012x', seq)
  return second_key(at, priority, is_first) .. place_in_line .. id
end
local function timed_member(seq, priority, id, is_first)
  local mark = is_first and '^' or ''
  return string.format('%012x', seq) .. mark .. (priority ~= 0 and string.format('%.17g', priority) or '') .. ':' .. id
end
local READY_ID = SEQ_WIDTH + 1 + ((SECOND == 'p' or SECOND == 'P') and PRIORITY_WIDTH or SECOND ~= '-' and TIME_WIDTH or 0)
local function is_behind(member, other)
  for i = 1, math.min(#member, #other) do
    local a, b = string.byte(member, i), string.byte(other, i)
    if a ~= b then return a > b end
  end
  return #member > #other
end
`;

const writes_1 = `local removed, added, deleted, set, dropped, others = {}, {}, {}, {}, {}, {}
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
`;

const record_1 = `local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64, lined = 128, expires = 256, first = 512, tagged = 1024 }
local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
end
local function has_own_end(flags)
  return flags % (2 * FLAG.expires) >= FLAG.ends_its_own_way
end
local function with_flags(record, flags)
  return (string.gsub(record, '^(%[[^,]+,[^,]+,[^,]+,[^,]+,)%d+', '%1' .. text(flags), 1))
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
local function progress_of(told)
  return tonumber(told) or told == 'true' or nil
end
local function with_progress(id, told)
  local is_elsewhere = told and (string.find(told, ',true,', 1, true) or string.find(told, '|true|', 1, true))
  local value = is_elsewhere and redis.call('HGET', PROGRESS, id)
  return value and told .. '\\n' .. value or told or ''
end
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
    progress = progress_of(progress),
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
    local progress = tonumber(facts.progress)
    more = ',' .. (progress and string.format('%.17g', progress) or facts.progress and 'true' or 'null') .. ',' .. part(facts.windowAt)
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
`;

const inUse_1 = `local used
local function note_use(gated, paused, expiring, stream, lined, idle)
  used = { gated = gated, paused = paused, expiring = expiring, stream = stream, lined = lined, idle = idle }
end
local function in_use(thing)
  if not used then note_use(unpack(redis.call('HMGET', META, 'gated', 'paused', 'expiring', 'stream', 'lined', 'idleUntil'))) end
  return used[thing]
end
`;

const gate_1 = `local gate_tools, gate_of
local function gates()
  if not gate_tools then
`;

const openings_1 = `local numbers = {}
local function number_of(name)
  if not numbers[name] then
    local gate = gate_of(name)
    local limits, number = gate and gate.key, 0
    if limits then
      local rate = limits.rate or {}
      local said = table.concat({
        tostring(limits.concurrency), tostring(limits.order), tostring(rate.max), tostring(rate.perMs), tostring(rate.spread),
      }, ' ')
      number = tonumber(string.sub(redis.sha1hex(said), 1, 8), 16) + 1
    end
    numbers[name] = text(number)
  end
  return numbers[name]
end
local function keys_that_open(name, most)
  local found, lines = {}, index('lines', name)
  if not in_use('lined') or redis.call('EXISTS', lines) == 0 then return found end
  local number = number_of(name)
  for _, range in ipairs({ { index('openings', name), '-inf', now_text }, { lines, '-inf', '(' .. number }, { lines, '(' .. number, '+inf' } }) do
    if #found < most then
      for _, key in ipairs(redis.call('ZRANGEBYSCORE', range[1], range[2], range[3], 'LIMIT', 0, most - #found)) do
        found[#found + 1] = key
      end
    end
  end
  return found
end
local function next_due_of(name)
  local timed = tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
  if not in_use('lined') or redis.call('EXISTS', index('lines', name)) == 0 then return timed end
  if keys_that_open(name, 1)[1] then return math.min(timed or now, now) end
  local opening = tonumber(redis.call('ZRANGE', index('openings', name), 0, 0, 'WITHSCORES')[2])
  return timed and opening and math.min(timed, opening) or timed or opening
end
`;

const rate_1 = `local START, START_BYTES, EXACT_UP_TO, KEPT_MS = '>dI4', 12, 100, 60000
local starts_by = {}
local function starts_of(whose)
  local starts = starts_by[whose]
  if not starts then
    starts = {}
    local stored = redis.call('GET', prefix .. 'rate:' .. whose) or ''
    for from = 1, #stored, START_BYTES do
      local at, count = struct.unpack(START, stored, from)
      starts[#starts + 1] = { at = math.min(at, soon), count = count }
    end
    starts_by[whose] = starts
  end
  return starts
end
local function permitted(whose, rate)
  local starts, left = starts_of(whose), rate.max
  if rate.spread then
    local last = starts[#starts]
    local from = last and math.ceil(last.at + rate.perMs / rate.max) or now
    return from <= now and 1 or 0, from
  end
  for i = #starts, 1, -1 do
    local until_then = math.ceil(starts[i].at + rate.perMs)
    if until_then <= now then break end
    left = left - starts[i].count
    if left <= 0 then return 0, until_then end
  end
  return left, now
end
local function are_close(one, other, rate)
  local width = rate.max > EXACT_UP_TO and math.max(rate.perMs / EXACT_UP_TO, 1) or 1
  return math.floor(one / width) == math.floor(other / width)
end
local function note_starts(whose, rate, count)
  if count == 0 then return end
  local kept, stored = {}, {}
  for _, start in ipairs(starts_of(whose)) do
    if not rate.spread and start.at + rate.perMs > now then kept[#kept + 1] = start end
  end
  local last = kept[#kept]
  if last and are_close(last.at, soon, rate) then
    last.at, last.count = soon, last.count + count
  else
    kept[#kept + 1] = { at = soon, count = count }
  end
  for i, start in ipairs(kept) do
    stored[i] = struct.pack(START, start.at, start.count)
  end
  starts_by[whose] = kept
  redis.call('SET', prefix .. 'rate:' .. whose, table.concat(stored), 'PX', text(math.ceil(rate.perMs) + KEPT_MS))
end
`;

const gates_1 = `local GATES, OPENS, OPEN_LIMIT = prefix .. 'gates', prefix .. 'opens', 50
local known = {}
local function gate_of(name)
  if known[name] == nil then
    local is_legible, gate = pcall(cjson.decode, redis.call('HGET', GATES, name) or '')
    known[name] = is_legible and type(gate) == 'table' and gate or false
  end
  return known[name] or nil
end
local function keep_gate(name, gate)
  local was_in_use = in_use('gated')
  known[name] = next(gate) ~= nil and gate
  if known[name] then
    redis.call('HSET', GATES, name, cjson.encode(gate))
    if not was_in_use then redis.call('HSET', META, 'gated', '1') end
    used.gated = '1'
  else
    redis.call('HDEL', GATES, name)
    if was_in_use and redis.call('EXISTS', GATES) == 0 then
      redis.call('HDEL', META, 'gated')
      used.gated = false
    end
  end
end
local function room_of(name, ended)
  local gate = gate_of(name)
  if not gate then return math.huge, now end
  if gate.paused then return 0, math.huge end
  local room, from, stopped_until = math.huge, now, gate['until'] or now
  if gate.rate then room, from = permitted('n' .. name, gate.rate) end
  if stopped_until > now then room, from = 0, math.max(from, stopped_until) end
  if gate.concurrency then
    local left = gate.concurrency + (ended or 0) - redis.call('ZCARD', index('running', name))
    if left <= 0 then return 0, math.huge end
    room = math.min(room, left)
  end
  return room, from
end
local function claimable_from(name)
  local due = redis.call('ZSCORE', DUE, name)
  local is_closed = due == '-inf'
  return math.ceil(tonumber(is_closed and redis.call('ZSCORE', OPENS, name) or not is_closed and due) or math.huge), is_closed
end
local function head_of(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return now end
  return next_due_of(name)
end
local function close_until(name, from)
  redis.call('ZADD', DUE, '-inf', name)
  if from < math.huge then
    redis.call('ZADD', OPENS, text(from), name)
  else
    redis.call('ZREM', OPENS, name)
  end
end
local function open_at(name, head)
  redis.call('ZREM', OPENS, name)
  if head then redis.call('ZADD', DUE, text(head), name) else redis.call('ZREM', DUE, name) end
end
local function forget_stop(name, gate)
  if not gate or not gate['until'] or gate['until'] > now then return end
  gate['until'] = nil
  keep_gate(name, gate)
end
local function reopen(name)
  local before, was_closed = claimable_from(name)
  local gate = gate_of(name)
  forget_stop(name, gate)
  local room, from = room_of(name)
  local is_stopped, head = gate and (gate.paused or gate['until']), head_of(name)
  local after, is_closed = before, false
  if room == 0 and (is_stopped or head and head < from) then
    if not was_closed or from ~= before then close_until(name, from) end
    after, is_closed = from, true
  elseif was_closed or head and head < before then
    open_at(name, head)
    after = head or math.huge
  end
  return after < before and before > now and after or nil, is_closed
end
local function stop_name(name, till)
  local gate = gate_of(name) or {}
  gate['until'] = math.max(gate['until'] or 0, till)
  keep_gate(name, gate)
end
local function note_starts_of(name, count)
  local gate = gate_of(name)
  if gate and gate.rate then note_starts('n' .. name, gate.rate, count) end
end
local function open_by_time()
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', OPENS, '-inf', now_text, 'LIMIT', 0, OPEN_LIMIT)) do
    reopen(name)
  end
end
local MOST_OPENS_READ = 100
local function opens_in(names)
  local asked_for = {}
  for _, name in ipairs(names) do
    asked_for[name] = true
  end
  local found = redis.call('ZRANGE', OPENS, 0, MOST_OPENS_READ - 1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local is_last_read = i == 2 * MOST_OPENS_READ - 1
    if asked_for[found[i]] or is_last_read then return math.max(found[i + 1] - now, 0) end
  end
end
`;

const gate_2 = `    gate_tools = {
      gate_of = gate_of, keep_gate = keep_gate, room_of = room_of, claimable_from = claimable_from, reopen = reopen,
      stop_name = stop_name, note_starts_of = note_starts_of, open_by_time = open_by_time, opens_in = opens_in,
      permitted = permitted, note_starts = note_starts, keys_to_open = keys_that_open, number_of_limits = number_of,
      next_due = next_due_of,
    }
  end
  return gate_tools
end
function gate_of(name)
  return in_use('gated') and gates().gate_of(name) or nil
end
local function reopen(name)
  if gate_of(name) then return gates().reopen(name) end
end
local function next_due(name)
  if in_use('lined') then return gates().next_due(name) end
  return tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
end
`;

const news_1 = `local function publish(channel, name, at, about)
  redis.pcall('PUBLISH', ARGV[3] .. channel, ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end
local sleepers_tools
local function sleepers()
  if not sleepers_tools then
`;

const sleepers_1 = `local MOST_WOKEN, MOST_GROUPS = 2, 50
local function idle_of(group)
  return prefix .. 'idle:' .. group
end
local function watch_of(group)
  return prefix .. 'watch:' .. group
end
local function groups_of(name)
  return redis.call('ZREVRANGEBYSCORE', prefix .. 'wakes:' .. name, '+inf', '(' .. now_text, 'LIMIT', 0, MOST_GROUPS)
end
local function take_idle(group, most)
  local key, hosts, met_gone = idle_of(group), {}, nil
  repeat
    met_gone = false
    local found = redis.call('ZPOPMIN', key, most - #hosts)
    for i = 1, #found, 2 do
      if tonumber(found[i + 1]) > now then hosts[#hosts + 1] = found[i] else met_gone = true end
    end
    if met_gone then redis.call('ZREMRANGEBYSCORE', key, '-inf', now_text) end
  until not met_gone or #hosts == most
  return hosts
end
local function wake(names, at, about)
  local left = MOST_WOKEN
  for _, name in ipairs(names) do
    for _, group in ipairs(groups_of(name)) do
      for _, host in ipairs(take_idle(group, left)) do
        publish(':host:' .. host, name, at, about or '')
        left = left - 1
      end
      if left == 0 then return end
    end
  end
end
local function watchers_of(group)
  local hosts = {}
  for _, host in ipairs(redis.call('ZRANGEBYSCORE', watch_of(group), '(' .. now_text, '+inf')) do
    if host ~= '' then hosts[#hosts + 1] = host end
  end
  return hosts
end
local function wake_a_watcher(group)
  local host = take_idle(group, 1)[1]
  if host then publish(':host:' .. host, '', now, '') end
end
local function hand_on(group)
  if not watchers_of(group)[1] then wake_a_watcher(group) end
end
local function tell_watchers(name, at, about, knows)
  for _, group in ipairs(groups_of(name)) do
    local hosts = watchers_of(group)
    for _, host in ipairs(hosts) do
      if host ~= knows then publish(':host:' .. host, name, at, about) end
    end
    if not hosts[1] then wake_a_watcher(group) end
  end
end
`;

const news_2 = `    sleepers_tools = { wake = wake, tell_watchers = tell_watchers, hand_on = hand_on, idle = idle_of, watch = watch_of }
  end
  return sleepers_tools
end
local function tell_of_name(name, at, about)
  if name == '' then return publish('', name, at, about) end
  publish(':names', name, at, about)
  if tonumber(in_use('idle') or 0) <= now then return end
  if at <= now then sleepers().wake({ name }, at, about) else sleepers().tell_watchers(name, at, about) end
end
`;

const bringForward_1 = `local function is_marked(due)
  return due % 1 > 0
end
local function bring_forward(name, at)
  local before = tonumber(redis.call('ZSCORE', DUE, name))
  local is_earlier = not before or at < before
  if is_earlier then redis.call('ZADD', DUE, text(at), name) end
  return before and is_marked(before) or is_earlier and (not before or before > now)
end
local function in_order(names)
  local list = {}
  for name in pairs(names) do
    list[#list + 1] = name
  end
  if list[2] then table.sort(list) end
  return list
end
`;

const place_1 = `local earliest = {}
local freed = {}
local function goes_first(flags)
  return flags ~= nil and flags >= FLAG.first and has_flag(flags, FLAG.first)
end
local function is_lined(flags)
  return flags ~= nil and flags >= FLAG.lined and has_flag(flags, FLAG.lined)
end
local lines_tools
local function lines()
  if not lines_tools then
`;

const keyLine_1 = `local TURNS, known, of_job, touched = prefix .. 'turns', {}, {}, {}
local moves = 0
local function line_of(name, key)
  local whole = #name .. ':' .. name .. key
  local line = known[whole]
  if not line then
    line = { name = name, key = key, whole = whole }
    for _, part in ipairs({ 'line', 'heads', 'runs', 'holder', 'stop' }) do
      line[part] = prefix .. part .. ':' .. whole
    end
    known[whole] = line
  end
  return line
end
local function line_of_job(id, name, record)
  if of_job[id] then return of_job[id] end
  record = record or redis.call('HGET', JOBS, id) or ''
  local quoted = string.match(own_of(record), '[{,]"key":("[^"]*")')
  local is_legible, decoded = pcall(cjson.decode, '[' .. (quoted or '') .. ']')
  of_job[id] = is_legible and decoded[1] and line_of(name, decoded[1]) or nil
  return of_job[id]
end
local function limits_of(line)
  local gate = gate_of(line.name)
  return gate and gate.key
end
local function touch(line)
  touched[line.whole] = line
end
local function spot(id, at, seq, priority, flags)
  local is_first = goes_first(flags)
  return { id = id, at = at, score = ready_score(at, priority, is_first), member = ready_member(at, seq, priority, id, is_first) }
end
local function spot_of_job(id, record, state)
  local asked_at, seq, priority, flags = asked(record)
  return seq and spot(id, planned(asked_at, happened(state)) or 0, seq, priority, flags)
end
local function spots_in(key, from, to)
  local found, spots = redis.call('ZRANGE', key, from, to, 'WITHSCORES'), {}
  for i = 1, #found, 2 do
    spots[#spots + 1] = { id = string.sub(found[i], READY_ID), score = found[i + 1], member = found[i] }
  end
  return spots
end
local function is_before(one, other)
  local score, other_score = tonumber(one.score), tonumber(other.score)
  return score < other_score or score == other_score and is_behind(other.member, one.member)
end
local function by_turn(one, turn)
  local first_at, score, member = READY_ID - SEQ_WIDTH, one.score, one.member
  if string.sub(member, first_at, first_at) == '-' then return score, member end
  if FIRST == 't' or FIRST == 'T' then score = ready_score(turn) end
  if SECOND == 't' or SECOND == 'T' then member = second_key(turn) .. string.sub(member, TIME_WIDTH + 1) end
  return score, member
end
local function note_earliest(name, at)
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local turns = {}
local function turn_of(id)
  if not turns[id] then
    local turn, at = string.match(redis.call('HGET', TURNS, id) or '', '^(%-?%d+) (%-?%d+)$')
    turns[id] = { turn = tonumber(turn), at = tonumber(at) }
  end
  return turns[id].turn, turns[id].at
end
local function become_head(line, one, turn)
  moves = moves + 1
  redis.call('ZADD', line.heads, one.score, one.member)
  redis.call('HSET', TURNS, one.id, text(turn) .. ' ' .. text(one.at))
  turns[one.id] = { turn = turn, at = one.at }
  local score, member = by_turn(one, turn)
  redis.call('ZADD', index('ready', line.name), score, member)
  note_earliest(line.name, turn)
end
local function stand_plainly(line, one)
  redis.call('ZADD', index('ready', line.name), one.score, one.member)
  note_earliest(line.name, one.at)
end
local function give_up_turn(line, one)
  redis.call('ZREM', line.heads, one.member)
  redis.call('HDEL', TURNS, one.id)
  turns[one.id] = {}
end
local function step_down(line, one)
  local turn, at = turn_of(one.id)
  local _, member = by_turn(one, turn)
  redis.call('ZREM', index('ready', line.name), member)
  give_up_turn(line, one)
  return turn, at
end
local function get_in_line(line, one)
  moves = moves + 1
  redis.call('ZADD', line.line, one.score, one.member)
  redis.call('ZADD', index('lined', line.name), text(one.at), one.id)
end
local function leave_line(line, one)
  line.is_left = true
  redis.call('ZREM', index('lined', line.name), one.id)
  return redis.call('ZREM', line.line, one.member)
end
`;

const lines_1 = `local MOST_MOVED = 100
local moves_left = MOST_MOVED
local function holder_of(line, limits)
  return limits and limits.order == 'fifo' and redis.call('GET', line.holder) or nil
end
local function let_go(line, id)
  if redis.call('GET', line.holder) ~= id then return end
  redis.call('DEL', line.holder)
  touch(line)
end
local function most_runs(limits)
  return limits.order == 'fifo' and 1 or limits.concurrency or math.huge
end
local function starts_left(line, limits)
  if not limits.rate then return math.huge, now end
  local starts, from = gates().permitted('k' .. line.whole, limits.rate)
  line.stopped_until = line.stopped_until or tonumber(redis.call('GET', line.stop) or 0)
  if line.stopped_until <= now then return starts, from end
  return 0, starts > 0 and line.stopped_until or math.max(from, line.stopped_until)
end
local function room_in(line, limits)
  if not limits then return math.huge end
  local heads = redis.call('ZCARD', line.heads)
  local room = most_runs(limits) - redis.call('SCARD', line.runs) - heads
  local starts, from = starts_left(line, limits)
  if starts > heads or room <= 0 then return math.min(room, starts - heads) end
  return 0, heads == 0 and from or nil
end
local function is_next(line, one, holder)
  local next_one = spots_in(line.line, 0, 0)[1]
  return holder == one.id or not next_one or is_before(one, next_one)
end
local function stand(line, one)
  local limits = limits_of(line)
  touch(line)
  if not limits then return stand_plainly(line, one) end
  local holder = holder_of(line, limits)
  if holder and holder ~= one.id then return get_in_line(line, one) end
  local last_head = spots_in(line.heads, -1, -1)[1]
  if is_next(line, one, holder) and room_in(line, limits) > 0 then
    become_head(line, one, one.at)
  elseif last_head and is_before(one, last_head) then
    local turn
    turn, last_head.at = step_down(line, last_head)
    get_in_line(line, last_head)
    become_head(line, one, turn)
  else
    get_in_line(line, one)
  end
end
local function note_opening(line, room, from)
  local openings, opens_at = index('openings', line.name), room > 0 and now or from
  redis.call('ZADD', index('lines', line.name), gates().number_of_limits(line.name), line.key)
  if opens_at then
    redis.call('ZADD', openings, text(opens_at), line.key)
    note_earliest(line.name, opens_at)
  else
    redis.call('ZREM', openings, line.key)
  end
end
local function forget_opening(line)
  if not line.is_left then return end
  redis.call('ZREM', index('lines', line.name), line.key)
  redis.call('ZREM', index('openings', line.name), line.key)
end
local function next_in(line, limits, most)
  local holder = holder_of(line, limits)
  if not holder then return spots_in(line.line, 0, most - 1) end
  if not redis.call('ZSCORE', index('lined', line.name), holder) then return {}, true end
  local record, state = redis.call('HGET', JOBS, holder), redis.call('HGET', STATE, holder)
  return { spot_of_job(holder, record or '', state) }
end
local function time_in_line(line, id)
  local at = tonumber(redis.call('ZSCORE', index('lined', line.name), id))
  if at or redis.call('HEXISTS', LEASE, id) == 1 then return at end
  local asked_at, seq = asked(redis.call('HGET', JOBS, id) or '')
  return seq and planned(asked_at, happened(redis.call('HGET', STATE, id)))
end
local function refill(line)
  local waiting = redis.call('ZCARD', line.line)
  if waiting == 0 then return forget_opening(line) end
  local limits = limits_of(line)
  local room, from = room_in(line, limits)
  local most = math.min(room, moves_left)
  if most > 0 then
    local spots, is_held = next_in(line, limits, most)
    for _, one in ipairs(spots) do
      one.at = time_in_line(line, one.id)
      leave_line(line, one)
      if one.at and limits then become_head(line, one, now) elseif one.at then stand_plainly(line, one) end
    end
    moves_left = moves_left - #spots
    waiting, room = waiting - #spots, is_held and 0 or room - #spots
  end
  if waiting == 0 then forget_opening(line) else note_opening(line, room, from) end
end
local function refill_touched()
  local lines_to_fill = touched
  touched = {}
  for _, line in pairs(lines_to_fill) do
    refill(line)
  end
end
local MOST_OPENED = 50
local function open_lines(name)
  for _, key in ipairs(gates().keys_to_open(name, MOST_OPENED)) do
    touch(line_of(name, key))
  end
  refill_touched()
end
local function note_use_of_keys()
  if in_use('lined') then return end
  redis.call('HSET', META, 'lined', '1')
  used.lined = '1'
end
local function place_lined(id, name, at, seq, priority, flags, record)
  local line, one = line_of_job(id, name, record), spot(id, at, seq, priority, flags)
  if line then stand(line, one) else stand_plainly({ name = name }, one) end
end
local function drop_head(id, name, record)
  local line = line_of_job(id, name, record)
  if not line or not turn_of(id) then return end
  for _, one in ipairs(spots_in(line.heads, 0, -1)) do
    if one.id == id then give_up_turn(line, one) end
  end
  touch(line)
end
local function leave_lined(id, name, at, seq, priority, flags, record)
  local line, one = line_of_job(id, name, record), spot(id, at, seq, priority, flags)
  if not line then
    redis.call('ZREM', index('ready', name), one.member)
    return
  end
  if turn_of(id) then
    step_down(line, one)
    touch(line)
  elseif redis.call('ZREM', index('ready', name), one.member) + leave_line(line, one) > 0 then
    touch(line)
  end
end
local function let_go_of_key(id, name, record)
  local line = line_of_job(id, name, record)
  if line then let_go(line, id) end
end
local PROMOTED_BYTES = 1048576
local function promote_lined(name, due, parts_of_member)
  local timed, bytes = index('timed', name), 0
  for i = 1, #due, 2 do
    if bytes >= PROMOTED_BYTES then break end
    local seq, priority, id, is_first = parts_of_member(due[i])
    local record, at = redis.call('HGET', JOBS, id), tonumber(due[i + 1])
    local flags = is_first and FLAG.first or 0
    redis.call('ZREM', timed, due[i])
    bytes = bytes + #(record or '')
    if record and is_lined(select(4, asked(record))) then
      place_lined(id, name, at, seq, priority, flags, record)
    else
      stand_plainly({ name = name }, spot(id, at, seq, priority, flags))
    end
  end
end
local function may_start(id, name, record, state, is_ahead)
  local line, one = line_of_job(id, name, record), spot_of_job(id, record, state)
  local limits = line and one and limits_of(line)
  if not limits then return true end
  local holder, is_head = holder_of(line, limits), turn_of(id) ~= nil
  local is_free = not holder or holder == id
  if is_head then
    if is_free and redis.call('SCARD', line.runs) < most_runs(limits) and starts_left(line, limits) > 0 then return true end
    step_down(line, one)
    get_in_line(line, one)
  elseif is_free and is_next(line, one, holder) and room_in(line, limits) > 0 then
    return true
  elseif is_ahead then
    return false
  else
    redis.call('ZREM', index('ready', name), one.member)
    stand(line, one)
  end
  refill(line)
  return false
end
local function begin_run(id, name, record)
  local line = line_of_job(id, name, record)
  if not line then return end
  redis.call('SADD', line.runs, id)
  let_go(line, id)
  local limits = limits_of(line)
  if not limits or not limits.rate then return end
  gates().note_starts('k' .. line.whole, limits.rate, 1)
  touch(line)
end
local function end_run(id, name, record, keeps_key)
  local line = line_of_job(id, name, record)
  if not line then return end
  redis.call('SREM', line.runs, id)
  local limits = limits_of(line)
  if keeps_key and limits and limits.order == 'fifo' and redis.call('EXISTS', line.runs) == 0 then
    redis.call('SET', line.holder, id, 'NX')
  else
    let_go(line, id)
  end
  touch(line)
end
local function start(id, name, record, state)
  if not may_start(id, name, record, state) then return false end
  local line, one = line_of_job(id, name, record), spot_of_job(id, record, state)
  if line and one and turn_of(id) then give_up_turn(line, one) end
  begin_run(id, name, record)
  refill_touched()
  return true
end
local STOP_KEPT_MS = 60000
local function stop_key(id, name, record, till)
  local line = line_of_job(id, name, record)
  local limits = line and limits_of(line)
  if not limits or not limits.rate then return false end
  line.stopped_until = math.max(till, tonumber(redis.call('GET', line.stop) or 0))
  redis.call('SET', line.stop, text(line.stopped_until), 'PX', text(math.max(line.stopped_until - now, 0) + STOP_KEPT_MS))
  touch(line)
  return true
end
`;

const place_2 = `    lines_tools = {
      note_use = note_use_of_keys, place = place_lined, leave = leave_lined, let_go = let_go_of_key, promote = promote_lined, start = start,
      may_start = may_start, drop_head = drop_head, stop = stop_key, begin_run = begin_run, end_run = end_run, open = open_lines, refill = refill_touched,
      moves = function() return moves end, of_job = line_of_job, of_key = line_of, spot = spot_of_job, turn_of = turn_of,
      by_turn = by_turn, touch = touch, give_up_turn = give_up_turn, leave_line = leave_line,
    }
  end
  return lines_tools
end
local function begin_run(id, name, flags, record)
  if is_lined(flags) then lines().begin_run(id, name, record) end
end
local function end_run(id, name, flags, record, keeps_key)
  local is_damaged = not flags and record and in_use('lined')
  if is_damaged then lines().drop_head(id, name, record) end
  if is_damaged or is_lined(flags) then lines().end_run(id, name, record, keeps_key) end
end
local function secondary(facts, flags)
  if facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0) then return 'retrying' end
  if has_flag(flags, FLAG.recurring) then return 'repeating' end
end
local function expect_expiry(id, record)
  local own = own_of(record or redis.call('HGET', JOBS, id) or '')
  local till = string.match(own, '"expires":(%-?%d+)')
  if till then zadd(prefix .. 'expiring', till, id) end
end
local function place(id, name, at, seq, priority, flags, facts, record)
  if flags >= FLAG.expires and has_flag(flags, FLAG.expires) then expect_expiry(id, record) end
  local class = secondary(facts, flags)
  if class then zadd(index(class, name), text(at), id) end
  if has_flag(flags, FLAG.disabled) then
    zadd(index('parked', name), text(at), id)
    if is_lined(flags) then lines().let_go(id, name, record) end
    return
  end
  if flags >= FLAG.lined and is_lined(flags) then
    lines().note_use()
    if at <= now then return lines().place(id, name, at, seq, priority, flags, record) end
  end
  local is_first = flags >= FLAG.first and goes_first(flags)
  if at <= now then
    zadd(index('ready', name), ready_score(at, priority, is_first), ready_member(at, seq, priority, id, is_first))
  else
    zadd(index('timed', name), text(at), timed_member(seq, priority, id, is_first))
  end
  if not earliest[name] or at < earliest[name] then earliest[name] = at end
end
local function displace(id, name, at, seq, priority, flags)
  if at then
    local is_first = goes_first(flags)
    if is_lined(flags) then
      lines().leave(id, name, at, seq, priority, flags)
    else
      zrem(index('ready', name), ready_member(at, seq, priority, id, is_first))
    end
    zrem(index('timed', name), timed_member(seq, priority, id, is_first))
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
local function put_down(id, name, at, seq, priority, flags, facts, record)
  if not at then
    if is_lined(flags) then lines().let_go(id, name, record) end
    return settle_down(id, name, facts)
  end
  place(id, name, at, seq, priority, flags, facts, record)
end
local ILLEGIBLE = '{"reason":"invalid-data","name":"IllegibleRecordError","message":"The stored record of this job cannot be read."}'
local function entomb(id, name, facts)
  facts.nextRunAt, facts.occurrenceAt, facts.failedAt, facts.lastFinishedAt = nil, nil, now, now
  facts.failure = ILLEGIBLE
  zadd(index('dead', name), now_text, id)
end
local about = ''
local function announce(name, at)
  if ARGV[3] ~= '' then tell_of_name(name, at, about) end
end
local function mark_due(name, due, keeps_all)
  if is_marked(due) ~= keeps_all then redis.call('ZADD', DUE, keeps_all and due - 0.5 or due + 0.5, name) end
end
local function reopen_freed()
  for _, name in ipairs(in_order(freed)) do
    local at = reopen(name)
    if at then announce(name, at) end
  end
  freed = {}
end
local function advance()
  if lines_tools then lines().refill() end
  if next(freed) then reopen_freed() end
  local news = {}
  for name, at in pairs(earliest) do
    if bring_forward(name, at) then news[name] = at end
  end
  earliest = {}
  for _, name in ipairs(in_order(news)) do
    announce(name, news[name])
  end
  return next(news) ~= nil
end
`;

const giveUp_1 = `local function give_up(id, name)
  zrem(LEASES, id)
  hdel(LEASE, id)
  zrem(index('running', name), id)
  freed[name] = true
end
`;

const read_1 = `local FIRST_STEP, LARGEST_STEP, READ_BYTES = 4, 16, 1048576
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
`;

const remove_1 = `local log_exists, drop_log_of
local function remove_log(id)
  if log_exists == nil then log_exists = redis.call('HEXISTS', META, 'logSeq') == 1 end
  if not log_exists then return end
  if not drop_log_of then
`;

const logKeys_1 = `local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
`;

const log_1 = `local LEAVING, REMOVED = prefix .. 'logs:leaving', prefix .. 'logs:removed'
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
`;

const remove_2 = `    forget_removed()
    drop_log_of = function(job_id)
      zadd(REMOVED, now_text, job_id)
      drop_log(job_id)
    end
  end
  drop_log_of(id)
end
local function remove_keys(id, record, why)
`;

const own_1 = `local function table_or_empty(value)
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
  return {
    keys = texts_of(facts.keys), frees = texts_of(facts.frees), tags = texts_of(facts.tags),
    expires = tonumber(facts.expires), overrides = table_or_empty(facts.overrides),
  }
end
`;

const remove_3 = `  local facts = own_facts(record)
  for _, tag in ipairs(facts.tags) do
    zrem(prefix .. 'tag:' .. tag, id)
  end
  if facts.expires then zrem(prefix .. 'expiring', id) end
  for _, field in ipairs(facts.keys) do
    local held_until = why == 'retention' and redis.call('ZSCORE', prefix .. 'held', field)
    local is_held = held_until and tonumber(held_until) > now
    if not is_held and redis.call('HGET', prefix .. 'keys', field) == id then
      hdel(prefix .. 'keys', field)
      zrem(prefix .. 'held', field)
    end
  end
end
local told_exists
local function remove_told(id)
  if told_exists == nil then told_exists = redis.call('HEXISTS', META, 'told') == 1 end
  if not told_exists then return end
  hdel(PROGRESS, id)
  drop(prefix .. 'output:' .. id)
end
local function remove_record(id, has_state, is_untold)
  hdel(JOBS, id)
  if has_state then
    hdel(STATE, id)
    hdel(RESULTS, id)
    drop(prefix .. 'history:' .. id)
    zrem(prefix .. 'leaving', id)
  end
  if not is_untold then remove_told(id) end
  remove_log(id)
end
`;

const forget_1 = `local function forget(key, limit)
  local over = redis.call('ZCOUNT', key, '-inf', now_text)
  if over > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(over, limit) - 1) end
end
`;

const gone_1 = `local GONE, gone_until, patience = prefix .. 'gone', nil, nil
local function gone_kept(keep_ms)
  patience = patience or tonumber(redis.call('HGET', META, 'goneMs') or 0) or 0
  return math.max(keep_ms, patience)
end
local function remember_gone(id, record, keep_ms)
  gone_until = gone_until or text(soon + gone_kept(keep_ms))
  local nonce = record and string.match(own_of(record), '^{"nonce":"(%x+)"')
  zadd(GONE, gone_until, nonce or id)
end
local function forget_gone(limit)
  forget(GONE, limit)
end
`;

const recurs_1 = `local function recurs(record, flags)
  if has_flag(flags, FLAG.recurring) then return true end
  if not has_flag(flags, FLAG.has_rule) then return false end
  local ok, rule = pcall(cjson.decode, string.match(record, '.*"repeat":({.*})}%]$') or '')
  return not ok or rule.at ~= nil
end
`;

const tell_1 = `local stream_tools
local function event_stream()
  if not stream_tools then
`;

const eventStream_1 = `local STREAM, told = prefix .. 'events', {}
local function fact(value)
  return value and cjson.encode(value) or 'null'
end
local function tell_event(kind, id, name, attempt, host, reason, next_at)
  told[#told + 1] = '["' .. kind .. '",' .. fact(id) .. ',' .. fact(name) .. ',' .. (attempt or 'null') .. ','
    .. fact(host ~= '' and host or nil) .. ',' .. fact(reason) .. ',' .. (next_at and text(next_at) or 'null') .. ']'
end
local function attempts_in(state)
  return tonumber(string.match(state or '', '^%[[^,]*,[^,]*,[^,]*,(%d+)') or 0)
end
local function drop_old_events(most)
  local ok, bounds = pcall(cjson.decode, in_use('stream') or '')
  if not ok then return end
  local numbers = redis.call('HMGET', META, 'eventSeq', 'eventBytes', 'eventsDropped', 'eventBytesDropped', 'oldestEventAt')
  local newest, bytes, dropped, oldest = tonumber(numbers[1]), tonumber(numbers[2]), tonumber(numbers[3]), tonumber(numbers[5])
  local dropped_bytes = tonumber(numbers[4])
  local function is_over()
    return dropped < newest and (newest - dropped > bounds.maxCount or bytes - dropped_bytes > bounds.maxBytes
      or oldest <= now - bounds.maxAgeMs)
  end
  if not is_over() then return end
  local entries, gone = redis.call('XRANGE', STREAM, '-', '+', 'COUNT', most + 1), {}
  while #gone < most and entries[#gone + 1] and is_over() do
    local entry, behind = entries[#gone + 1], entries[#gone + 2]
    gone[#gone + 1] = entry[1]
    dropped = behind and behind[2][2] - 1 or newest
    dropped_bytes = behind and dropped_bytes + #entry[2][6] or bytes
    oldest = behind and tonumber(behind[2][4]) or oldest
  end
  if not entries[1] then dropped, dropped_bytes = newest, bytes end
  if gone[1] then redis.call('XDEL', STREAM, unpack(gone)) end
  redis.call('HSET', META, 'eventsDropped', text(dropped), 'eventBytesDropped', text(dropped_bytes), 'oldestEventAt', text(oldest))
end
local function tell_all_events()
  if not told[1] then return end
  local entry, count = '[' .. table.concat(told, ',') .. ']', #told
  told = {}
  local numbers = redis.call('HMGET', META, 'eventSeq', 'eventBytes', 'eventsDropped')
  local before = tonumber(numbers[1])
  redis.pcall('XADD', STREAM, '*', 'n', text(before + 1), 'at', now_text, 'e', entry)
  redis.call('HSET', META, 'eventSeq', text(before + count), 'eventBytes', text(numbers[2] + #entry))
  if before == tonumber(numbers[3]) then redis.call('HSET', META, 'oldestEventAt', now_text) end
  drop_old_events(4)
end
local ended_here = {}
local function note_end(name)
  ended_here[name] = true
end
local function tell_emptied()
  for name in pairs(ended_here) do
    local head = redis.call('ZRANGE', prefix .. 'timed:' .. name, 0, 0, 'WITHSCORES')[2]
    local is_quiet = redis.call('EXISTS', prefix .. 'ready:' .. name, prefix .. 'lined:' .. name, prefix .. 'running:' .. name) == 0
    if is_quiet and not (head and tonumber(head) <= now) then tell_event('emptied', nil, name) end
  end
end
`;

const tell_2 = `    stream_tools = {
      tell = tell_event, tell_all = tell_all_events, attempts_in = attempts_in, drop_old = drop_old_events, note_end = note_end,
      tell_emptied = tell_emptied,
    }
  end
  return stream_tools
end
local function tell(...)
  if in_use('stream') then event_stream().tell(...) end
end
local function tell_all()
  if in_use('stream') then event_stream().tell_all() end
end
`;

const pass_1 = `local FORGET_AFTER = 10
local function earliest_expiry()
  return tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
end
local function pass(lease_ms, pace_ms)
  local meta = redis.call('HMGET', META, 'lastPass', 'heldUntil', 'fence', 'longestLease', 'longestLeaseAt', 'watchedUntil', 'logSeq',
    'gated', 'paused', 'expiring', 'stream', 'lined', 'idleUntil', 'goneMs')
  note_use(meta[8], meta[9], meta[10], meta[11], meta[12], meta[13])
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
  return held, fence, longest, tonumber(meta[6] or 0) > now, meta[7] ~= false, tonumber(meta[14] or 0) or 0
end
`;

const maxRescues_1 = `local function max_rescues(settings)
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
`;

const lastStart_1 = `local RESCUE_COUNT = '^%[' .. string.rep('[^,]*,', 6) .. '(%d+)'
local function is_last_start(name, state, rescues_otherwise)
  local count = state and tonumber(string.match(state, RESCUE_COUNT) or 0)
  if not count or count == 0 then return false end
  local most = rescues_allowed(name, rescues_otherwise)
  return most >= 1 and count >= most
end
`;

const lease_1 = `local function lock_plainly(id, name, locked_at, pending)
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
`;

const windowEnd_1 = `local TRAILING, OVERDUE = 0, 1
local function is_leading(facts)
  return facts.windowEnd > OVERDUE
end
local function close_window(facts, began_at)
  if facts.windowAt and not is_leading(facts) and began_at > facts.windowAt then facts.windowAt = nil end
end
`;

const claim_1 = `local PROMOTE_LIMIT = 50
local promoted, promotions_left = {}, PROMOTE_LIMIT
local function seq_priority_id(member)
  local mark, priority, id = string.match(member, '^(%^?)([^:]*):(.*)$', 13)
  return tonumber(string.sub(member, 1, 12), 16), tonumber(priority) or 0, id, mark ~= ''
end
local function promote_timed(name)
  if promotions_left == 0 then return end
  local timed = index('timed', name)
  local due = redis.call('ZRANGEBYSCORE', timed, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, promotions_left)
  if not due[1] then return end
  promotions_left = promotions_left - #due / 2
  if in_use('lined') and (gate_of(name) or {}).key then return lines().promote(name, due, seq_priority_id) end
  for i = 1, #due, 2 do
    local seq, priority, id, is_first = seq_priority_id(due[i])
    zrem(timed, due[i])
    local at = tonumber(due[i + 1])
    zadd(index('ready', name), ready_score(at, priority, is_first), ready_member(at, seq, priority, id, is_first))
  end
  flush()
end
local function promote(name)
  if promoted[name] then return end
  promoted[name] = true
  promote_timed(name)
  if in_use('lined') then lines().open(name) end
end
local function recede(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return false end
  local head = next_due(name)
  if head then
    redis.call('ZADD', DUE, text(head), name)
  else
    redis.call('ZREM', DUE, name)
  end
  return true, head
end
`;

const history_1 = `local HISTORY_LENGTH = 20
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
`;

const ownEnd_1 = `local function end_own_way(id, record, place)
  local facts = own_facts(record)
  for _, field in ipairs(facts.frees) do
    if redis.call('HGET', prefix .. 'keys', field) == id then hdel(prefix .. 'keys', field) end
  end
  if facts.expires then zrem(prefix .. 'expiring', id) end
  local retention = facts.overrides.retention
  local kept_ms = place and type(retention) == 'table' and retention[place == 'dead' and 'failed' or 'completed']
  zrem(prefix .. 'leaving', id)
  if type(kept_ms) == 'number' then zadd(prefix .. 'leaving', text(soon + math.ceil(kept_ms)), id) end
end
`;

const rescue_1 = `local STALLED = '{"reason":"stalled","name":"StalledError","message":"The process that ran this job was lost, more often than maxRescues allows."}'
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
  local own_at, saved, outcome, attempt = own_time(run, planned_at), tonumber(lease.pending)
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
    attempt = facts.attempt
    local is_spent = facts.rescueCount > rescues_allowed(name, rescues_otherwise)
    if is_spent and saved then
      at = saved
      begin_anew(facts)
    elseif is_spent then
      at, outcome = nil, 'buried'
      facts.failedAt, facts.lastFinishedAt, facts.failure = now, now, STALLED
    end
    local failure = outcome == 'buried' and STALLED
    chronicle(id, history_entry('rescued', attempt, own_at, facts.lastRunAt, now, lease.host, failure), before)
    tell('stalled', id, name, attempt, lease.host, nil, at)
    if outcome == 'buried' then tell('dead', id, name, attempt, lease.host, 'stalled') end
  end
  if at ~= own_at then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  return at, outcome, attempt
end
local function rescue_one(id, record, state, entry, rescues_otherwise, told)
  local lease, name, progress = owner(id, entry, record)
  if not name then
    zrem(LEASES, id)
    hdel(LEASE, id)
    return
  end
  give_up(id, name)
  if not record then
    remove_record(id, state)
    return
  end
  local asked_at, seq, priority, flags = asked(record)
  local facts = happened(state)
  local planned_at = planned(asked_at, facts)
  facts.progress = progress_of(progress) or facts.progress
  local at, outcome, attempt = lose(id, name, facts, lease, planned_at, rescues_otherwise)
  if not seq then
    outcome = 'buried'
    end_run(id, name, flags, record)
    entomb(id, name, facts)
  else
    end_run(id, name, flags, record, outcome ~= 'buried')
    put_down(id, name, at, seq, priority, flags, facts)
    if outcome == 'buried' and has_own_end(flags) then end_own_way(id, record, 'dead') end
  end
  if outcome or at ~= planned_at then hset(STATE, id, packed(facts)) end
  if outcome then told(id, name, lease.host, attempt, facts.rescueCount, outcome) end
end
local function rescue(limit, rescues_otherwise, told)
  local ids = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, limit)
  read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
    rescue_one(id, record, state, entry, rescues_otherwise, told)
  end)
  flush()
  advance()
end
`;

const row_1 = `local token, HANDED = ARGV[6] .. ':1', prefix .. 'handed:' .. ARGV[6]
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
`;

const expiry_1 = `local EXPIRING, PUT_OFF_MS = prefix .. 'expiring', 60000
local EXPIRED = '{"reason":"expired","name":"JobExpiredError","message":"The job was not started before it expired."}'
local buried = {}
local function has_expired(record, flags)
  local till = flags and has_flag(flags, FLAG.expires) and own_facts(record).expires
  return till and till <= now or false
end
local function expire(id, name, record, state, is_taken)
  local asked_at, seq, priority, flags = asked(record)
  local facts = happened(state)
  local at, before = planned(asked_at, facts), told_by(facts)
  if not is_taken then displace(id, name, at, seq, priority, flags) end
  facts.nextRunAt, facts.occurrenceAt = nil, nil
  facts.failedAt, facts.lastFinishedAt, facts.failure = now, now, EXPIRED
  chronicle(id, history_entry('dead', math.max(facts.attempt, 1), at, nil, now, '', EXPIRED), before)
  put_down(id, name, nil, seq, priority, flags, facts)
  end_own_way(id, record, 'dead')
  hset(STATE, id, packed(facts))
  if in_use('stream') then tell('dead', id, name, nil, nil, 'expired') end
  buried[#buried + 1], buried[#buried + 2] = id, name
end
local function expire_if_over(id, name, record, state)
  local _, _, _, flags = asked(record)
  if not has_expired(record, flags) then return false end
  expire(id, name, record, state)
  return true
end
local function bury_expired(most)
  local ids = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', now_text, 'LIMIT', 0, most + 1)
  local has_more = #ids > most
  if has_more then ids[most + 1] = nil end
  local looked = read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
    local asked_at, _, _, flags = asked(record or '')
    local name = flags and name_of(record)
    local waits = name and not entry and planned(asked_at, happened(state)) ~= nil
    if waits and has_expired(record, flags) then
      expire(id, name, record, state)
    elseif name and entry then
      zadd(EXPIRING, text(soon + PUT_OFF_MS), id)
    else
      zrem(EXPIRING, id)
    end
  end)
  flush()
  advance()
  return has_more or looked < #ids
end
`;

const prune_1 = `local gone_ms, bytes_read = tonumber(ARGV[3]), 0
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
local function may_go(record, state, flags)
  return has_ended(state) and not (flags and recurs(record, flags))
end
local function remove_ended(id, name, place_name, record, state, flags, why)
  zrem(index(place_name, name), id)
  if not flags or has_flag(flags, FLAG.disabled) then zrem(index('disabled', name), id) end
  if record then
    local has_keys = not flags or has_flag(flags, FLAG.keyed) or has_flag(flags, FLAG.tagged) or has_flag(flags, FLAG.expires)
    if has_keys then remove_keys(id, record, 'retention') end
    local created = tonumber(string.match(record, '^%[(%d+),'))
    if created and now - created <= gone_kept(gone_ms) then remember_gone(id, has_keys and record, gone_ms) end
  end
  remove_record(id, state)
  tell('removed', id, name, nil, nil, why)
end
local function sweep(name, place_name, first, most, stays, why)
  local ids = most > 0 and redis.call('ZRANGE', index(place_name, name), text(first), text(first + most - 1)) or {}
  local kept, last_kept, gone = 0, nil, {}
  local looked = read_some(ids, { JOBS, STATE }, function(_, id, record, state)
    bytes_read = bytes_read + #(record or '') + #(state or '')
    local flags = record and flags_of(record)
    if record and (not may_go(record, state, flags) or stays(record, flags)) then
      kept, last_kept = kept + 1, id
    else
      remove_ended(id, name, place_name, record, state, flags, why)
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
`;

const logWalk_1 = `local WALK_LIMIT = 1000
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
`;

const held_1 = `local POINTERS, HELD = prefix .. 'keys', prefix .. 'held'
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
`;

const version_1 = `local VERSION = 65536
local function version_of(flags)
  return math.floor(flags / VERSION)
end
local function at_version(flags, version)
  if not version then return flags end
  return flags % VERSION + (version > 1 and version or 0) * VERSION
end
`;

const extra_1 = `local EXTRA_BYTES = 4096
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
`;

const newData_1 = `local function with_data(record, flags, data, version)
  local _, rest = own_and_rest(record)
  local numbers, others = string.match(string.sub(record, 1, #record - #rest), '^(%[%d+,[^,]+,%d+,[^,]+,)%d+(,.*)$')
  local bare = at_version(has_flag(flags, FLAG.has_data) and flags - FLAG.has_data or flags, version)
  local has_data = data ~= ''
  return numbers .. text(has_data and bare + FLAG.has_data or bare) .. others
    .. (has_data and data or 'null') .. extra_of(rest, flags) .. ']'
end
`;

const admit_1 = `local caps = {}
local function waiting(name)
  local count = 0
  for _, place_name in ipairs({ 'ready', 'timed', 'lined', 'parked' }) do
    count = count + redis.call('ZCARD', index(place_name, name))
  end
  return count
end
local function cap_of(name)
  if caps[name] == nil then
    local gate = gate_of(name)
    local most = gate and tonumber(gate.maxQueued)
    local is_away = gate and gate.away ~= nil
    caps[name] = (most or is_away) and { most = most or math.huge, queued = most and waiting(name) or 0, is_away = is_away } or false
  end
  return caps[name] or nil
end
local function with_expiry(rest)
  return (string.gsub(rest, '^("[^"]*",{[^,{]*,?"expires":)"%+(%d+)"', function(head, ms)
    return head .. text(soon + ms)
  end))
end
local function note_new(id, record, seq, flags)
  if flags < FLAG.expires then return end
  if has_flag(flags, FLAG.tagged) then
    for _, tag in ipairs(own_facts(record).tags) do
      zadd(prefix .. 'tag:' .. tag, text(seq), id)
    end
  end
  if has_flag(flags, FLAG.expires) and not in_use('expiring') then
    redis.call('HSET', META, 'expiring', '1')
    used.expiring = '1'
  end
end
`;

const plainAdds_1 = `local FIRST_RARE_FLAG, DISABLED_AND_RECURRING = 128, 4
local function are_plain()
  local seen = {}
  for i, id in ipairs(ids) do
    if taken[i] or seen[id] then return false end
    seen[id] = true
  end
  for _, kind in ipairs(kinds) do
    if kind.flags >= FIRST_RARE_FLAG or kind.flags % DISABLED_AND_RECURRING ~= 0 then return false end
  end
  return true
end
local function add_plainly()
  local records, earliest = {}, {}
  for _, kind in ipairs(kinds) do
    local at, name, priority = kind.at, kind.name, kind.priority
    kind.is_due, kind.places = at <= now, {}
    kind.key = index(kind.is_due and 'ready' or 'timed', name)
    kind.score = kind.is_due and ready_score(at, priority) or text(at)
    if not earliest[name] or at < earliest[name] then earliest[name] = at end
  end
  for i, id in ipairs(ids) do
    local from = first + (i - 1) * WIDTH
    local kind = kinds[tonumber(ARGV[from + 1])]
    local places, n = kind.places, #kind.places
    records[2 * i - 1], records[2 * i] = id, kind.head .. text(seq + i) .. kind.middle .. ARGV[from + 2]
    places[n + 1] = kind.score
    places[n + 2] = kind.is_due and ready_member(kind.at, seq + i, kind.priority, id) or timed_member(seq + i, kind.priority, id)
  end
  redis.call('HSET', JOBS, unpack(records))
  for _, kind in ipairs(kinds) do
    if kind.places[1] then redis.call('ZADD', kind.key, unpack(kind.places)) end
  end
  redis.call('SADD', prefix .. 'names', unpack(names))
  for _, name in ipairs(in_order(earliest)) do
    local is_news = bring_forward(name, earliest[name])
    if is_news and ARGV[3] ~= '' then tell_of_name(name, earliest[name], '') end
  end
end
`;

const examine_1 = `local repairs, reply = ARGV[5] == 'repair', { now_text, '0' }
if repairs then redis.call('PERSIST', META) end
local LOG_ENTRY = '^%x%x%x%x%x%x%x%x%x%x%x%x%l%l$'
local function found(code, subject, detail, mend)
  local is_mended = repairs and mend ~= nil
  if is_mended then
    mend()
    flush()
  end
  for _, part in ipairs({ code, subject, detail, is_mended and 'mended' or mend and 'mendable' or 'left' }) do
    reply[#reply + 1] = part
  end
  return is_mended
end
local function looked_at(count)
  reply[2] = tostring(count)
end
`;

const judgeRun_1 = `local NO_LONGEST_LEASE_MS = 30000
local numbers
local function expect_ahead(field, number)
  if not numbers then
    local stored = redis.call('HMGET', META, 'seq', 'fence')
    numbers = { seq = tonumber(stored[1]) or 0, fence = tonumber(stored[2]) or 0 }
  end
  if not number or number <= numbers[field] then return end
  numbers[field] = number
  found('counter-behind', field, text(number), function() redis.call('HSET', META, field, text(number)) end)
end
local function lose_run(job)
  redis.call('ZADD', index('running', job.name), 'NX', now_text, job.id)
  rescue_one(job.id, job.record, job.state, job.entry, tonumber(ARGV[6]), function() end)
end
local function expect_expiry_of_lease(job)
  local longest = tonumber(redis.call('HGET', META, 'longestLease')) or 0
  zadd(LEASES, text(soon + math.max(longest, NO_LONGEST_LEASE_MS)), job.id)
end
local function judge_lease(job)
  local id, name, expiry = job.id, job.name, redis.call('ZSCORE', LEASES, job.id)
  local token, fence, locked_at, pending, host, held_name, run, progress = holder(job.entry)
  if not held_name then
    return found('illegible-lease', id, job.entry, function() lose_run(job) end)
  end
  if held_name ~= name then
    return found('illegible-lease', id, job.entry, function()
      zrem(index('running', held_name), id)
      zadd(index('running', name), locked_at, id)
      hset(LEASE, id, lease_entry(token, fence, locked_at, pending, host, name, run, progress))
    end)
  end
  expect_ahead('fence', tonumber(fence))
  local since, is_mended = job.stands.running, false
  if run == 'l' and expiry then
    is_mended = found('half-running', id, 'a lock with an expiry', function() zrem(LEASES, id) end)
  elseif run ~= 'l' and not expiry then
    is_mended = found('half-running', id, 'a lease without an expiry', function() expect_expiry_of_lease(job) end)
  end
  if since and (run ~= '' or since == tonumber(locked_at)) then return is_mended end
  return found('half-running', id, since and 'since another time' or 'a lease without a place', function()
    zadd(index('running', name), locked_at, id)
  end)
end
local function judge_no_lease(job, is_at_home)
  local expiry = redis.call('ZSCORE', LEASES, job.id)
  if not expiry and not job.stands.running then return false end
  local detail = job.stands.running and 'a place among the running without a lease' or 'an expiry without a lease'
  return found('half-running', job.id, detail, function()
    if job.stands.running and not is_at_home then return lose_run(job) end
    zrem(LEASES, job.id)
    zrem(index('running', job.name), job.id)
  end)
end
`;

const judgePlace_1 = `local LISTED = { 'running', 'completed', 'dead', 'parked', 'lined', 'repeating', 'retrying', 'disabled' }
local MOST_EARLY_MS = 60000
local has_members = {}
local function standing(id, name)
  local stands = {}
  for _, place_name in ipairs(LISTED) do
    local key = index(place_name, name)
    if has_members[key] == nil then has_members[key] = redis.call('EXISTS', key) == 1 end
    if has_members[key] then stands[place_name] = tonumber(redis.call('ZSCORE', key, id)) end
  end
  return stands
end
local function has_score(key, member, score)
  return tonumber(redis.call('ZSCORE', key, member)) == score
end
local function at_key(job)
  local line = is_lined(job.flags) and lines().of_job(job.id, job.name, job.record)
  if not line then return end
  local one = lines().spot(job.id, job.record, job.state)
  local turn, own_at = lines().turn_of(job.id)
  local in_heads = redis.call('ZSCORE', line.heads, one.member)
  local in_line = redis.call('ZSCORE', line.line, one.member)
  local stands, is_whole = nil, true
  if turn or in_heads then
    local score, member = lines().by_turn(one, turn or one.at)
    is_whole = turn and in_heads and own_at == job.at and has_score(index('ready', job.name), member, tonumber(score))
    stands = is_whole and 'ready' or nil
  end
  if in_line or job.stands.lined then
    is_whole = is_whole and not stands and in_line and job.stands.lined == job.at
    stands = is_whole and 'lined' or nil
  end
  return { line = line, one = one, turn = turn, stands = stands, is_whole = is_whole and true or false }
end
local function place_of_waiting(job)
  local ready, timed = index('ready', job.name), index('timed', job.name)
  local is_first, key = goes_first(job.flags), job.key
  local place_name = key and key.stands
  if not (key and key.turn) then
    local member = ready_member(job.at, job.seq, job.priority, job.id, is_first)
    if has_score(ready, member, ready_score(job.at, job.priority, is_first)) then
      if place_name then return end
      place_name = 'ready'
    end
  end
  if has_score(timed, timed_member(job.seq, job.priority, job.id, is_first), job.at) then
    if place_name then return end
    return 'timed'
  end
  if place_name and job.at <= now + MOST_EARLY_MS then return place_name end
end
local function home_of(job)
  if not job.at then
    local failed = job.facts.failedAt and job.facts.failedAt >= (job.facts.lastFinishedAt or 0)
    local among, since = failed and 'dead' or 'completed', failed and job.facts.failedAt or job.facts.lastFinishedAt
    return job.stands[among] and (not since or job.stands[among] == since) and among or nil
  end
  if has_flag(job.flags, FLAG.disabled) then return job.stands.parked == job.at and 'parked' or nil end
  if job.key and not job.key.is_whole then return nil end
  return place_of_waiting(job)
end
local function leave_key(job)
  local key, ready = job.key, index('ready', job.name)
  if not key then return end
  if key.turn then
    local _, member = lines().by_turn(key.one, key.turn)
    redis.call('ZREM', ready, member)
  end
  redis.call('ZREM', ready, key.one.member)
  lines().give_up_turn(key.line, key.one)
  lines().leave_line(key.line, key.one)
  lines().touch(key.line)
end
local function leave_all_places(job)
  for _, place_name in ipairs(LISTED) do
    if place_name ~= 'disabled' then redis.call('ZREM', index(place_name, job.name), job.id) end
  end
  if job.at then
    local is_first = goes_first(job.flags)
    redis.call('ZREM', index('ready', job.name), ready_member(job.at, job.seq, job.priority, job.id, is_first))
    redis.call('ZREM', index('timed', job.name), timed_member(job.seq, job.priority, job.id, is_first))
  end
  leave_key(job)
end
local function listed_for(job, home)
  local listed, waits = {}, not job.entry and job.at
  if home then listed[home] = true end
  local class = waits and secondary(job.facts, job.flags)
  if class then listed[class] = true end
  if has_flag(job.flags, FLAG.disabled) then listed.disabled = true end
  return listed
end
local function judge_lists(job, home)
  local listed, is_mended = listed_for(job, home), false
  for _, place_name in ipairs(LISTED) do
    local key, score = index(place_name, job.name), job.stands[place_name]
    local is_class = place_name == 'repeating' or place_name == 'retrying' or place_name == 'disabled'
    local right = place_name == 'disabled' and 0 or job.at
    if score and not listed[place_name] then
      is_mended = found(is_class and 'miscounted' or 'misplaced', job.id, 'stands in ' .. place_name .. ' as well', function()
        zrem(key, job.id)
      end) or is_mended
    elseif is_class and listed[place_name] and score ~= right then
      is_mended = found('miscounted', job.id, 'is not counted in ' .. place_name, function()
        zadd(key, text(right), job.id)
      end) or is_mended
    end
  end
  has_members = is_mended and {} or has_members
  return is_mended
end
local function judge_home(job, home)
  if home then return false end
  has_members = {}
  return found('misplaced', job.id, 'stands in no place that fits its record, or in two', function()
    leave_all_places(job)
    put_down(job.id, job.name, job.at, job.seq, job.priority, job.flags, job.facts, job.record)
  end)
end
local function judge_key(job)
  local key = job.key
  if not key then return false end
  local runs = redis.call('SISMEMBER', key.line.runs, job.id) == 1
  if runs ~= (job.entry and true or false) then
    return found('broken-line', job.id, runs and 'its key takes it for running' or 'runs, and its key does not know', function()
      redis.call(runs and 'SREM' or 'SADD', key.line.runs, job.id)
      lines().touch(key.line)
    end)
  end
  local waits = not job.entry and job.at and not has_flag(job.flags, FLAG.disabled)
  if waits then
    if in_use('lined') then return false end
    return found('forgotten-use', 'lined', job.id, function() lines().note_use() end)
  end
  if key.is_whole and not key.stands then return false end
  return found('broken-line', job.id, 'stands for its key, and does not wait', function() leave_key(job) end)
end
`;

const judgeLeads_1 = `local POINTERS = prefix .. 'keys'
local function has(list, text_wanted)
  for _, item in ipairs(list) do
    if item == text_wanted then return true end
  end
  return false
end
local function judge_tags(job, own)
  for _, tag in ipairs(own.tags) do
    local key = prefix .. 'tag:' .. tag
    if tonumber(redis.call('ZSCORE', key, job.id)) ~= job.seq then
      found('broken-tag', job.id, tag, function() zadd(key, text(job.seq), job.id) end)
    end
  end
end
local function judge_expiry(job, own)
  local score = tonumber(redis.call('ZSCORE', prefix .. 'expiring', job.id))
  local expires = has_flag(job.flags, FLAG.expires) and own.expires
  if expires and job.at and not job.entry then
    if score == expires then return end
    found('broken-expiry', job.id, 'is not looked for when it expires', function()
      zadd(prefix .. 'expiring', text(expires), job.id)
      redis.call('HSET', META, 'expiring', '1')
    end)
  elseif score and not (expires and job.entry) then
    found('broken-expiry', job.id, 'is looked for, and does not expire', function() zrem(prefix .. 'expiring', job.id) end)
  end
end
local function is_free(field, holder_id)
  if not holder_id then return true end
  local record = redis.call('HGET', JOBS, holder_id)
  return not (record and has(own_facts(record).keys, field))
end
local function judge_keys(job, own)
  for _, field in ipairs(own.keys) do
    local holder_id = redis.call('HGET', POINTERS, field)
    if string.find(field, '^debounce\\n') then
    elseif has(own.frees, field) then
      if holder_id == job.id and not job.at and not job.entry then
        found('broken-key', job.id, field, function()
          hdel(POINTERS, field)
          zrem(prefix .. 'held', field)
        end)
      end
    elseif holder_id ~= job.id then
      found('broken-key', job.id, field, is_free(field, holder_id) and function() hset(POINTERS, field, job.id) end or nil)
    end
  end
end
local function judge_retention(job, own)
  local retention, facts = own.overrides.retention, job.facts
  if job.entry or job.at or type(retention) ~= 'table' or not (facts.lastFinishedAt or facts.failedAt) then return end
  local failed = facts.failedAt and facts.failedAt >= (facts.lastFinishedAt or 0)
  local kept_ms = retention[failed and 'failed' or 'completed']
  if type(kept_ms) ~= 'number' or recurs(job.record, job.flags) then return end
  if redis.call('ZSCORE', prefix .. 'leaving', job.id) then return end
  local goes_at = (failed and facts.failedAt or facts.lastFinishedAt) + math.ceil(kept_ms)
  found('broken-retention', job.id, 'would stay for ever', function() zadd(prefix .. 'leaving', text(goes_at), job.id) end)
end
local function judge_leads(job)
  local own = own_facts(job.record)
  judge_tags(job, own)
  judge_expiry(job, own)
  judge_keys(job, own)
  judge_retention(job, own)
end
`;

const judgeJob_1 = `local MOST_ROUNDS, PROGRESS_EXISTS = 5, redis.call('EXISTS', PROGRESS) == 1
local listed_names = {}
local function is_legible_state(state)
  return string.find(state, '^%[[%d%-nul]+,[%d%-nul]+,[%d%-nul]+,%d+[,%]]') ~= nil and string.sub(state, -1) == ']'
end
local function is_damaged(job, note)
  if not (job.seq and job.name) or job.state and not is_legible_state(job.state) then return true end
  local digest = string.match(note, '^illegible (%x+)$')
  return digest and (redis.sha1hex(job.record) == digest or job.state and redis.sha1hex(job.state) == digest)
end
local function bury(job)
  if job.seq then leave_all_places(job) end
  for _, place_name in ipairs(LISTED) do
    if place_name ~= 'disabled' then redis.call('ZREM', index(place_name, job.name), job.id) end
  end
  redis.call('HDEL', LEASE, job.id)
  redis.call('ZREM', LEASES, job.id)
  end_run(job.id, job.name, job.flags, job.record)
  entomb(job.id, job.name, job.facts)
  hset(STATE, job.id, packed(job.facts))
end
local function judge_damaged(job)
  if not job.name then return found('illegible-record', job.id, 'not even its name can be read') end
  local is_held = job.entry and select(6, holder(job.entry)) and redis.call('ZSCORE', LEASES, job.id)
  if is_held or not job.entry and job.stands.dead then return false end
  if not job.entry and job.stands.completed and not (job.state and not is_legible_state(job.state)) then
    return found('illegible-record', job.id, 'it has ended')
  end
  return found('illegible-record', job.id, 'it waits', function() bury(job) end)
end
local function judge_flags(job, note)
  local digest, flags = string.match(note, '^flags (%x+) (%d+)$')
  if not digest or redis.sha1hex(job.record) ~= digest then return false end
  return found('wrong-flags', job.id, text(job.flags) .. ' in place of ' .. flags, function()
    if not job.entry then leave_all_places(job) end
    hset(JOBS, job.id, with_flags(job.record, tonumber(flags)))
  end)
end
local function judge_name(job)
  if listed_names[job.name] == nil then
    listed_names[job.name] = redis.call('SISMEMBER', prefix .. 'names', job.name) == 1
  end
  if listed_names[job.name] then return end
  listed_names[job.name] = true
  found('unlisted-name', job.name, job.id, function() redis.call('SADD', prefix .. 'names', job.name) end)
end
local function judge_progress(job)
  if not PROGRESS_EXISTS or job.facts.progress == true or redis.call('HEXISTS', PROGRESS, job.id) == 0 then return end
  if job.entry and select(8, holder(job.entry)) == 'true' then return end
  found('remains', job.id, 'progress', function() hdel(PROGRESS, job.id) end)
end
local function judge_once(id, record, state, entry, note)
  local asked_at, seq, priority, flags = asked(record)
  local name, facts = name_of(record), happened(state)
  local job = {
    id = id, name = name, record = record, state = state, entry = entry, facts = facts,
    at = planned(asked_at, facts), seq = seq, priority = priority, flags = flags, stands = name and standing(id, name) or {},
  }
  if is_damaged(job, note) then return judge_damaged(job) end
  if judge_flags(job, note) then return true end
  judge_name(job)
  expect_ahead('seq', seq)
  job.key = at_key(job)
  if entry then
    if judge_lease(job) or judge_lists(job, 'running') then return true end
  else
    local home = home_of(job)
    if judge_no_lease(job, home ~= nil) or judge_home(job, home) or judge_lists(job, home) then return true end
  end
  if judge_key(job) then return true end
  judge_leads(job)
  judge_progress(job)
  return false
end
local function judge_job(id, record, state, entry, note)
  for _ = 1, MOST_ROUNDS do
    if not record or not judge_once(id, record, state, entry, note or '') then return end
    has_members, note = {}, ''
    record, state, entry = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)
  end
end
`;

const limits_1 = `local LIMITS, MEMBERS = prefix .. 'limits', { 'concurrency', 'rate', 'key', 'maxQueued' }
local function read_limits(stored)
  local is_legible, limits = pcall(cjson.decode, stored or '')
  return is_legible and type(limits) == 'table' and limits or {}
end
local function apply_gate(name, gate)
  gates().keep_gate(name, gate)
  local at = gates().reopen(name)
  if at then announce(name, at) end
end
local function rebuild_gate(name, is_away)
  local said = read_limits(redis.call('HGET', prefix .. 'settings', name)).limits
  local by_hand, gate = read_limits(redis.call('HGET', LIMITS, name)), gates().gate_of(name) or {}
  for _, member in ipairs(MEMBERS) do
    gate[member] = by_hand[member] or type(said) == 'table' and said[member] or nil
  end
  if is_away then gate.away = 1 end
  if gate.maxQueued or gate.away then redis.call('HSET', META, 'capped', '1') end
  apply_gate(name, gate)
end
`;

const move_1 = `local function move(facts, flags, planned_at, at)
  local occurrence_at = has_flag(flags, FLAG.has_rule) and (facts.occurrenceAt or planned_at) or nil
  facts.occurrenceAt = occurrence_at ~= at and occurrence_at or nil
  facts.nextRunAt = at
end
`;

const unhandled_1 = `local DUE_NAMES_LOOKED_AT = 100
local function has_due_jobs(name)
  if redis.call('EXISTS', index('ready', name), index('lined', name)) > 0 then return true end
  local at = tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
  return at ~= nil and at <= now
end
local function unhandled_names(limit)
  local names = {}
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', DUE, '(-inf', now_text, 'LIMIT', 0, DUE_NAMES_LOOKED_AT)) do
    if #names == limit then break end
    local is_known = redis.call('HEXISTS', prefix .. 'settings', name) == 1
    if not is_known and has_due_jobs(name) then names[#names + 1] = name end
  end
  return names
end
`;

const oldestDue_1 = `local MOST_PRIORITIES, MOST_FIRST = 32, 100
local function time_in_record(id)
  local asked_at = asked(redis.call('HGET', JOBS, id) or '')
  return planned(asked_at, happened(redis.call('HGET', STATE, id)))
end
local function time_of(member, score)
  if FIRST == 't' and score > FRONT then return score end
  if FIRST == 'T' and score > FRONT then return -score end
  local key = (SECOND == 't' or SECOND == 'T') and tonumber(string.sub(member, 1, TIME_WIDTH), 16)
  if key then return SECOND == 't' and key - EPOCH or LATEST - key - EPOCH end
  return time_in_record(string.sub(member, READY_ID))
end
local function oldest_of_score(ready, score, see)
  local bound = string.format('%.17g', score)
  see(redis.call('ZREVRANGEBYSCORE', ready, bound, bound, 'LIMIT', 0, 1)[1], score)
  local line = redis.call('ZRANGEBYSCORE', ready, bound, bound, 'LIMIT', 0, 1)
  see(line[1], score)
  if string.byte(line[1], 1) ~= 45 then return end
  line = redis.call('ZRANGEBYSCORE', ready, bound, bound, 'LIMIT', 1, MOST_FIRST)
  for _, member in ipairs(line) do
    if string.byte(member, 1) ~= 45 then
      see(member, score)
      return
    end
  end
end
local function oldest_due(name)
  local oldest = math.huge
  local function note(at)
    if at and at < oldest then oldest = at end
  end
  for _, place in ipairs({ 'timed', 'lined' }) do
    note(tonumber(redis.call('ZRANGE', index(place, name), 0, 0, 'WITHSCORES')[2]))
  end
  local ready = index('ready', name)
  local head = redis.call('ZRANGE', ready, 0, 0, 'WITHSCORES')
  for _ = 1, MOST_PRIORITIES do
    local score = tonumber(head[2])
    if not score then break end
    oldest_of_score(ready, score, function(member, of_score)
      note(time_of(member, of_score))
    end)
    if FIRST == 't' and score > FRONT then break end
    head = redis.call('ZRANGEBYSCORE', ready, '(' .. string.format('%.17g', score), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  end
  if FIRST == 'T' then
    local last = redis.call('ZREVRANGE', ready, 0, 0, 'WITHSCORES')
    if last[1] then note(time_of(last[1], tonumber(last[2]))) end
  end
  return oldest <= now and oldest or nil
end
`;

const outputLine_1 = `local function line_parts(entry)
  local number, bytes, fence, own, line = string.match(entry, '^(%d+) (%d+) (%d+):(%d+) (.*)$')
  return tonumber(number), tonumber(bytes), fence, tonumber(own), line
end
`;

const refuse_1 = `local function refusal(id, entry, token, earliest_expiry, after_expiry)
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
`;

const output_1 = `local MOST_LINES, MOST_LINE_BYTES, LINES_AT_ONCE = 1000, 65536, 50
local function drop_oldest(key, length, bytes)
  local dropped = math.max(length - MOST_LINES, 0)
  local is_enough = false
  while not is_enough do
    local oldest = redis.call('LRANGE', key, dropped, dropped + LINES_AT_ONCE - 1)
    is_enough = #oldest == 0
    for _, entry in ipairs(oldest) do
      local _, up_to, _, _, line = line_parts(entry)
      is_enough = up_to ~= nil and bytes - up_to + #line <= MOST_LINE_BYTES
      if is_enough then break end
      dropped = dropped + 1
    end
  end
  if dropped > 0 then redis.call('LTRIM', key, dropped, -1) end
end
local function write_lines_of(id, fence, first, lines)
  local key = prefix .. 'output:' .. id
  local newest = redis.pcall('LINDEX', key, -1)
  local number, bytes, newest_fence, newest_own = line_parts(type(newest) == 'string' and newest or '')
  number, bytes = number or 0, bytes or 0
  local known, entries = newest_fence == fence and newest_own or 0, {}
  for n, line in ipairs(lines) do
    local own = first + n - 1
    if own > known then
      number, bytes, known = number + own - known, bytes + #line, own
      entries[#entries + 1] = text(number) .. ' ' .. text(bytes) .. ' ' .. fence .. ':' .. text(own) .. ' ' .. line
    end
  end
  if not entries[1] then return end
  local length = redis.pcall('RPUSH', key, unpack(entries))
  if type(length) == 'number' then drop_oldest(key, length, bytes) end
end
`;

const window_1 = `local function drop_old_window(facts, run, locked_at, planned_at)
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
`;

const due_1 = `local MOST_READ = 100
local function may_have_more(found)
  return #found == 2 * MOST_READ
end
local function due_of(name)
  local due = redis.call('ZSCORE', DUE, name)
  return due ~= '-inf' and tonumber(due) or nil
end
local function due_names(names)
  if in_use('paused') then return {}, {} end
  local found = redis.call('ZRANGEBYSCORE', DUE, '(-inf', now_text, 'WITHSCORES', 'LIMIT', 0, MOST_READ)
  local since, list = {}, {}
  for i = 1, #found, 2 do
    since[found[i]] = tonumber(found[i + 1])
  end
  for _, name in ipairs(names) do
    if not since[name] and may_have_more(found) then
      local at = due_of(name)
      if at and at <= now then since[name] = at end
    end
    if since[name] then list[#list + 1] = name end
  end
  return list, since
end
local function due_in(names)
  local first
  if #names <= 5 then
    for _, name in ipairs(names) do
      local at = due_of(name)
      if at and (not first or at < first) then first = at end
    end
  else
    local asked_for = {}
    for _, name in ipairs(names) do
      asked_for[name] = true
    end
    local found = redis.call('ZRANGEBYSCORE', DUE, '(-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, MOST_READ)
    for i = 1, #found, 2 do
      if asked_for[found[i]] then
        first = tonumber(found[i + 1])
        break
      end
    end
    if not first and may_have_more(found) then
      for _, name in ipairs(names) do
        local at = due_of(name)
        if at and (not first or at < first) then first = at end
      end
    end
  end
  return first and math.max(first - now, 0)
end
`;

const standBy_1 = `local REGISTERED_MS = 600000
local group, for_ms, was = string.match(ARGV[15], '^(%S+) (%d+) (%S*)$')
for_ms = tonumber(for_ms)
local function leave(left)
  redis.call('ZREM', sleepers().idle(left), host)
  redis.call('ZREM', sleepers().watch(left), host)
  sleepers().hand_on(left)
end
local function register(till)
  local for_long = till - now
  for i = 16 + settlements * 4, #ARGV, 2 do
    if ARGV[i + 1] ~= '0' then
      local key = prefix .. 'wakes:' .. ARGV[i]
      local is_new, ttl = redis.call('ZADD', key, text(till), group) == 1, redis.call('PTTL', key)
      if is_new and ttl > 0 then redis.call('ZREMRANGEBYSCORE', key, '-inf', now_text) end
      if ttl < for_long then redis.call('PEXPIRE', key, text(2 * for_long)) end
    end
  end
end
local function read_watch(key)
  local others, watches, till, gone = 0, false, 0, {}
  local found = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local who, until_then = found[i], tonumber(found[i + 1])
    if until_then <= now then
      gone[#gone + 1] = who
    elseif who == '' then
      till = until_then
    elseif who == host then
      watches = true
    else
      others = others + 1
    end
  end
  if gone[1] then redis.call('ZREM', key, unpack(gone)) end
  return others, watches, till
end
local function stand(until_then, may_watch)
  local idle, watch = sleepers().idle(group), sleepers().watch(group)
  local is_new = redis.call('ZADD', idle, text(until_then), host) == 1
  local others, watches, registered = read_watch(watch)
  watches = may_watch and (watches or others < 2)
  if watches then redis.call('ZADD', watch, text(until_then), host) end
  local span = math.max(REGISTERED_MS, 2 * for_ms)
  local is_due = registered < now + span / 2
  if is_due then
    registered = now + span
    register(registered)
    redis.call('ZADD', watch, text(registered), '')
    redis.call('PEXPIRE', watch, text(2 * span))
  end
  if is_due or is_new then redis.call('PEXPIRE', idle, text(2 * (registered - now))) end
  return watches
end
local function left_due()
  local left, names, since = {}, due_names(asked_for)
  for _, name in ipairs(names) do
    local before = due_since and due_since[name]
    local is_kept = since[name] % 1 > 0 and not (before and before % 1 == 0)
    if not is_kept then left[#left + 1] = name end
  end
  return left
end
local function rest_in_group()
  local has_room, has_all = false, true
  for _, name in ipairs(asked_for) do
    local is_free = slots > 0 and free[name] > 0
    has_room, has_all = has_room or is_free, has_all and is_free
  end
  local due_in_ms = (not has_room or due[1] or in_use('gated')) and until_due()
  local stays = has_room and due_in_ms ~= '0'
  if was ~= '' then
    if not stays or not has_all or was ~= group then leave(was) end
    local left = (due[1] or ARGV[8] == '0') and left_due() or {}
    if left[1] then
      redis.call('ZREM', sleepers().idle(was), host)
      sleepers().wake(left, now)
    end
  end
  if not stays then return due_in_ms, '', {} end
  local until_then = soon + for_ms
  local watches = stand(until_then, has_all)
  local noted = until_then > tonumber(in_use('idle') or 0) and { 'idleUntil', text(until_then) } or {}
  return (watches or not has_all) and (due_in_ms or until_due()) or '', '1', noted
end
local function leave_both()
  leave(group)
  if was ~= '' and was ~= group then leave(was) end
end
`;

const plainSettlements_1 = `local GONE = prefix .. 'gone'
local PLAIN_ENTRY = '^([^|]+)|[^|]*|(%d+)||[^|]*|||(.+)$'
local function plain_manner(manner, are_leases_valid, most_patient_ms)
  local kind, late, argument = string.match(manner, '^(%S+) (%S+) (.*)$')
  if late ~= 'late' and not are_leases_valid then return end
  if kind == 'completed' and argument == '' then return { is_kept = true } end
  local age = kind == 'removed' and string.match(argument, '^y(%d+)$')
  return age and { is_young = tonumber(age) <= most_patient_ms } or nil
end
local function settle_plainly(patience_ms, has_log)
  local most_patient_ms, manners, seen, removes = math.max(gone_ms, patience_ms), {}, {}, {}
  local gone_until = text(soon + most_patient_ms)
  local ids, running, removed, completed, states, results, gone = {}, {}, {}, {}, {}, {}, {}
  for i = 1, settlements do
    ids[i] = ARGV[12 + i * 4]
  end
  local are_leases_valid = not redis.call('ZRANGEBYSCORE', LEASES, '-inf', now_text, 'LIMIT', 0, 1)[1]
  local entries, known_states = redis.call('HMGET', LEASE, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
  for i = 1, settlements do
    local id, at = ids[i], 12 + i * 4
    local manner, body = ARGV[at + 2], ARGV[at + 3]
    local token, locked_at, name = string.match(entries[i] or '', PLAIN_ENTRY)
    if token ~= ARGV[at + 1] or known_states[i] or seen[id] then return false end
    seen[id] = true
    local how = manners[manner] or plain_manner(manner, are_leases_valid, most_patient_ms)
    if not how then return false end
    manners[manner] = how
    local of_name = running[name]
    if not of_name then
      if has_gate(name) then return false end
      of_name = {}
      running[name], completed[name] = of_name, {}
    end
    of_name[#of_name + 1] = id
    if how.is_kept then
      local done, n = completed[name], #states
      done[#done + 1] = now_text
      done[#done + 1] = id
      states[n + 1], states[n + 2] = id, '[null,' .. locked_at .. ',' .. now_text .. ',1]'
      if body ~= '' then
        results[#results + 1] = id
        results[#results + 1] = body
      end
    else
      if removes[name] == nil then removes[name] = not has_log and redis.call('EXISTS', index('disabled', name)) == 0 end
      if not removes[name] then return false end
      removed[#removed + 1] = id
      if how.is_young then
        gone[#gone + 1] = gone_until
        gone[#gone + 1] = id
      end
    end
  end
  redis.call('ZREM', LEASES, unpack(ids))
  redis.call('HDEL', LEASE, unpack(ids))
  for name, of_name in pairs(running) do
    redis.call('ZREM', index('running', name), unpack(of_name))
    if completed[name][1] then redis.call('ZADD', index('completed', name), unpack(completed[name])) end
  end
  if removed[1] then redis.call('HDEL', JOBS, unpack(removed)) end
  if states[1] then redis.call('HSET', STATE, unpack(states)) end
  if results[1] then redis.call('HSET', RESULTS, unpack(results)) end
  if gone[1] then redis.call('ZADD', GONE, unpack(gone)) end
  if removed[1] then forget(GONE, 2 * settlements) end
  return true
end
`;

const replySize_1 = `local MAX_BYTES, FIRST_READ = 1048576, 4
local bytes, read = 0, 0
local function next_read(left)
  if read == 0 then return math.min(left, FIRST_READ) end
  return math.min(left, math.max(math.floor((MAX_BYTES - bytes) * read / math.max(bytes, 1)), 1))
end
`;

const plainClaim_1 = `local leases, entries, later = {}, {}, {}
local function front_of(name, most)
  local timed, repeating, retrying, head = index('timed', name), index('repeating', name), index('retrying', name), nil
  local has_others = redis.call('EXISTS', timed, repeating, retrying) > 0
  if has_others then
    head = tonumber(redis.call('ZRANGE', timed, 0, 0, 'WITHSCORES')[2])
    if head and head <= now then return end
  end
  local members, front_ids = redis.call('ZRANGE', index('ready', name), 0, most), {}
  local has_more = #members > most
  for i = 1, has_more and most or #members do
    front_ids[i] = string.sub(members[i], READY_ID)
  end
  for _, state in ipairs(front_ids[1] and redis.call('HMGET', STATE, unpack(front_ids)) or {}) do
    if state then return end
  end
  return { members = members, ids = front_ids, has_more = has_more, head = head, counted_in = has_others and { repeating, retrying } or {} }
end
local function lease_front(name, front, most)
  local front_ids, running, last = front.ids, {}, 0
  local count, before = math.min(most, #front_ids), #ids
  while last < count and bytes < MAX_BYTES do
    local from = last
    last = last + next_read(count - last)
    for i, record in ipairs(redis.call('HMGET', JOBS, unpack(front_ids, from + 1, last))) do
      if record then
        local id, n, at, job = front_ids[from + i], #ids + 1, #leases, #jobs
        ids[n] = id
        bytes, read = bytes + #record, read + 1
        entries[at + 1], entries[at + 2] = id, claim_id .. ':' .. n .. '|' .. text(fence + n - 1) .. held_by .. name
        leases[at + 1], leases[at + 2] = expiry_text, id
        running[#running + 1] = now_text
        running[#running + 1] = id
        jobs[job + 1], jobs[job + 2], jobs[job + 3], jobs[job + 4] = n, id, record, ''
      end
    end
  end
  if last > 0 then
    redis.call('ZREM', index('ready', name), unpack(front.members, 1, last))
    for _, counted_in in ipairs(front.counted_in) do
      redis.call('ZREM', counted_in, unpack(front_ids, 1, last))
    end
  end
  if running[1] then redis.call('ZADD', index('running', name), unpack(running)) end
  local taken = #ids - before
  slots, free[name] = slots - taken, free[name] - taken
  return front.has_more or last < #front_ids, taken == count
end
local function recede_to(name, head)
  if not head then return redis.call('ZREM', DUE, name) end
  redis.call('ZADD', DUE, text(head), name)
  later[#later + 1] = { name = name, at = head }
end
local function claim_plainly()
  local fronts, share = {}, math.max(math.floor(slots / #due), 1)
  for _, name in ipairs(due) do
    if has_gate(name) then return false end
    if free[name] > 0 then
      if due_since[name] % 1 > 0 then return false end
      local front = front_of(name, math.min(share, free[name]))
      if not front then return false end
      fronts[name] = front
    end
  end
  local full, left = {}, {}
  for _, name in ipairs(due) do
    local front = slots > 0 and fronts[name]
    if front then
      local has_more, came_all = lease_front(name, front, slots)
      if not has_more then
        recede_to(name, front.head)
      elseif came_all and free[name] > 0 then
        full[#full + 1] = name
      end
    end
  end
  for _, name in ipairs(full) do
    if slots > 0 and bytes < MAX_BYTES then
      local front = not left[1] and front_of(name, math.min(slots, free[name]))
      if not front then
        left[#left + 1] = name
      elseif not lease_front(name, front, slots) then
        recede_to(name, front.head)
      end
    end
  end
  if leases[1] then
    redis.call('ZADD', LEASES, unpack(leases))
    redis.call('HSET', LEASE, unpack(entries))
  end
  if later[1] and ARGV[3] ~= '' and tonumber(in_use('idle') or 0) > now then
    table.sort(later, function(one, other) return one.name < other.name end)
    for _, name in ipairs(later) do
      sleepers().tell_watchers(name.name, name.at, '', host)
    end
  end
  return not left[1] or left
end
`;

const lastClaim_1 = `local function still_held(claimed_by, ids, each)
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
    local _, _, _, pending, _, name, _, progress = holder(entry)
    local record = redis.call('HGET', JOBS, id)
    local asked_at, seq, priority, flags = asked(record or '')
    if not name or not seq then return end
    give_up(id, name)
    end_run(id, name, flags, record, true)
    local facts = happened(redis.call('HGET', STATE, id))
    local at = planned(asked_at, facts)
    if pending ~= '' then
      at, facts.occurrenceAt = tonumber(pending), nil
    end
    if pending ~= '' or progress ~= '' then
      facts.nextRunAt, facts.progress = at, progress_of(progress) or facts.progress
      hset(STATE, id, packed(facts))
    end
    place(id, name, at or now, seq, priority, flags, facts)
    tell('interrupted', id, name, facts.attempt + 1, host, nil, at or now)
  end)
  flush()
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
    local number = is_last_start(name, state, rescues) and n .. '!' or n
    for _, part in ipairs({ number, id, record, with_progress(id, state) }) do
      jobs[#jobs + 1] = part
    end
  end)
  return answers, fence, expiry, jobs, claimed_at
end
`;

const settle_1 = `local end_otherwise
local function tell_of_removed(id, name, kind, attempt, host, body)
  if kind == 'removed' then
    tell('completed', id, name, attempt, host)
  else
    tell('failed', id, name, attempt, host)
    tell('dead', id, name, attempt, host, string.match(body, '"reason":"([%l-]+)"'))
  end
  tell('removed', id, name, nil, nil, kind == 'removed' and 'completed' or 'dead')
end
local function settle(id, kind, argument, body, entry, state, gone_ms)
  local _, _, locked_at, pending, host, name, _, progress = holder(entry)
  if not name then return 'lease-mismatch' end
  give_up(id, name)
  if in_use('stream') then event_stream().note_end(name) end
  local is_removed = kind == 'removed' or kind == 'bury' and argument ~= ''
  if is_removed and pending == '' then
    local record = string.find(argument, 'k', 1, true) and redis.call('HGET', JOBS, id)
    if record then
      end_run(id, name, select(4, asked(record)), record)
      remove_keys(id, record, 'retention')
    end
    local age = string.match(argument, 'y(%d+)')
    if age and tonumber(age) <= gone_kept(gone_ms) then remember_gone(id, record, gone_ms) end
    remove_record(id, state, not state and progress == '')
    zrem(index('disabled', name), id)
    if in_use('stream') then
      tell_of_removed(id, name, kind, event_stream().attempts_in(state) + 1, host, body)
    end
    return
  end
  if kind == 'removed' then kind, argument = 'completed', '' end
  local done = (kind == 'completed' or kind == 'completed-own') and argument == '' and pending == ''
  if done and kind == 'completed' and not state and progress == '' then
    zadd(index('completed', name), now_text, id)
    if body ~= '' then hset(RESULTS, id, body) end
    hset(STATE, id, '[null,' .. locked_at .. ',' .. now_text .. ',1]')
    if in_use('stream') then tell('completed', id, name, 1, host) end
    return
  end
  if not end_otherwise then
`;

const ending_1 = `local function later(due, at)
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
function settle_as.throttle(facts, at)
  return later('+0', at)
end
local function stop_starts(id, name, flags, record, till)
  if is_lined(flags) and lines().stop(id, name, record, till) then return end
  gates().stop_name(name, till)
end
function settle_as.skip(facts, at, argument)
  return tonumber(argument)
end
local IS_FAILURE = { retry = true, ['retry-fresh'] = true, bury = true }
local GOES_ON = { retry = true, release = true, snooze = true, throttle = true }
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
local function begins_anew(record, flags, pending)
  if pending == '' or not has_flag(flags, FLAG.ends_its_own_way) then return false end
  for _, field in ipairs(own_facts(record).frees) do
    if string.find(field, '^latest\\n') then return true end
  end
  return false
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
local TOLD_AS = { completed = 'completed', release = 'interrupted', snooze = 'snoozed', skip = 'skipped', throttle = 'throttled' }
local function tell_end(kind, id, name, attempt, host, facts)
  if not IS_FAILURE[kind] then
    tell(TOLD_AS[kind], id, name, attempt, host, nil, facts.nextRunAt)
    return
  end
  tell('failed', id, name, attempt, host)
  if not facts.nextRunAt then
    tell('dead', id, name, attempt, host, string.match(facts.failure or '', '"reason":"([%l-]+)"'))
  elseif kind ~= 'retry-fresh' then
    tell('retrying', id, name, attempt, host, nil, facts.nextRunAt)
  end
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
  facts.progress = progress_of(lease.progress) or facts.progress
  if kind ~= 'skip' then facts.lastRunAt = locked_at end
  close_window(facts, locked_at)
  local at = facts.nextRunAt
  if done then
    settle_as.completed(facts, nil, '')
    facts.nextRunAt, facts.occurrenceAt = nil, nil
    zadd(index('completed', name), text(facts.lastFinishedAt), id)
    local record = may_end_own_way and redis.call('HGET', JOBS, id)
    if record then
      end_run(id, name, select(4, asked(record)), record)
      end_own_way(id, record, 'completed')
    end
  else
    local record = redis.call('HGET', JOBS, id)
    if not record then
      remove_record(id, state)
      return 'not-found'
    end
    local asked_at, seq, priority, flags = asked(record)
    at = planned(asked_at, facts)
    local next_at = with_pending(kind, settle_as[kind](facts, at, argument, body), pending)
    if begins_anew(record, flags or 0, pending) then begin_anew(facts) end
    facts.occurrenceAt = occurrence(kind, facts, flags or 0, at, next_at, pending)
    facts.nextRunAt = next_at
    if kind == 'throttle' then stop_starts(id, name, flags, record, instant('+' .. argument)) end
    end_run(id, name, flags, record, GOES_ON[kind])
    if next_at and not seq then
      entomb(id, name, facts)
    elseif next_at then
      place(id, name, next_at, seq, priority, flags, facts)
    else
      zadd(index('dead', name), now_text, id)
      if has_own_end(flags or 0) then end_own_way(id, record, 'dead') end
    end
  end
  if kind == 'completed' then
    if body ~= '' then hset(RESULTS, id, body) elseif state then hdel(RESULTS, id) end
  end
  local entry = entry_of(kind, facts, before, at, locked_at, lease.host, body)
  if entry then chronicle(id, entry, before.told) end
  hset(STATE, id, packed(facts))
  tell_end(kind, id, name, before.attempt + 1, lease.host, facts)
end
`;

const settle_2 = `    end_otherwise = end_attempt
  end
  local lease = { name = name, locked_at = locked_at, pending = pending, progress = progress, host = host }
  return end_otherwise(id, kind, argument, body, state, lease, done)
end
`;

const takeReady_1 = `local MOST_PASSED = 100
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
local MOST_HELD_BACK, held_back = 100, 0
local is_held_back
if in_use('lined') then
  is_held_back = function(id, name, record, state, member, moves)
    local flags = select(4, asked(record))
    if not flags then lines().drop_head(id, name, record) end
    if not is_lined(flags) then return false end
    if lines().moves() ~= moves and not redis.call('ZSCORE', index('ready', name), member) then return true end
    if lines().start(id, name, record, state) then return false end
    held_back = held_back + 1
    return true
  end
end
local bury_if_expired
local function take_some_ready(name, want, may_come, take)
  local members, ids, states = find_ready(name, want, may_come)
  local ready, taken, from, moves = index('ready', name), 0, 1, is_held_back and lines().moves()
  local repeating, retrying = index('repeating', name), index('retrying', name)
  local counted_apart = members[1] and redis.call('EXISTS', repeating, retrying) > 0
  while from <= #members and bytes < MAX_BYTES and held_back < MOST_HELD_BACK do
    local last = from + next_read(#members - from + 1) - 1
    local records = redis.call('HMGET', JOBS, unpack(ids, from, last))
    for i = from, last do
      local id, record, state = ids[i], records[i - from + 1], states[i]
      if record then
        bytes = bytes + #record + (state and #state or 0)
        read = read + 1
      end
      local is_buried = record and bury_if_expired and bury_if_expired(id, name, record, state)
      if not record or not is_buried and not (is_held_back and is_held_back(id, name, record, state, members[i], moves)) then
        zrem(ready, members[i])
        if counted_apart then
          zrem(repeating, id)
          zrem(retrying, id)
        end
        if record then
          taken = taken + 1
          take(id, record, state, name)
        end
      end
    end
    from = last + 1
  end
  flush()
  if lines_tools then lines().refill() end
  return taken
end
local function take_ready(name, want, may_come, take)
  promote(name)
  local taken, moves = 0, 0
  repeat
    if moves > 0 then passed_in_all, passed[name] = passed_in_all - (passed[name] or 0), nil end
    local moves_before = is_held_back and lines().moves()
    taken = taken + take_some_ready(name, want - taken, may_come, take)
    moves = moves_before and lines().moves() - moves_before or 0
  until moves == 0 or taken == want or bytes >= MAX_BYTES or held_back >= MOST_HELD_BACK
  return taken
end
`;

export const addMetrics = [time_1, key_1, `local MINUTE_MS = 60000
local writer = prefix .. 'metrics:writer:' .. ARGV[3]
if tonumber(redis.call('GET', writer) or 0) >= tonumber(ARGV[4]) then return { now_text } end
redis.call('SET', writer, ARGV[4], 'PX', ARGV[5])
local function numbers_in(row)
  local numbers = {}
  for number in string.gmatch(row .. ',', '([^,]*),') do
    numbers[#numbers + 1] = tonumber(number) or 0
  end
  return numbers
end
local maxima = tonumber(ARGV[7])
local function sum_of(row, other)
  local numbers, parts = numbers_in(row), {}
  for i, number in ipairs(numbers_in(other)) do
    local before = numbers[i] or 0
    local value = i <= maxima and math.max(before, number) or before + number
    parts[i] = value == 0 and '' or text(value)
  end
  return table.concat(parts, ',')
end
local first_minute, kept_ms = math.floor(now / MINUTE_MS) - ARGV[6] + 1, (ARGV[6] + 1) * MINUTE_MS
for i = 8, #ARGV, 3 do
  local minute, name, row = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  if minute >= first_minute then
    local key = prefix .. 'metrics:' .. text(minute)
    local before = redis.call('HGET', key, name)
    redis.call('HSET', key, name, before and sum_of(before, row) or row)
    redis.call('PEXPIRE', key, kept_ms)
  end
end
return { now_text }
`].join('');

export const beatHost = [time_1, key_1, `local HOSTS, TOLD, MOST_FORGOTTEN = prefix .. 'hosts', prefix .. 'hosts:told', 10
local gone = redis.call('ZRANGEBYSCORE', HOSTS, '-inf', text(now - tonumber(ARGV[5])), 'LIMIT', 0, MOST_FORGOTTEN)
if ARGV[4] == '' then gone[#gone + 1] = ARGV[3] end
if gone[1] then
  redis.call('ZREM', HOSTS, unpack(gone))
  redis.call('HDEL', TOLD, unpack(gone))
end
if ARGV[4] ~= '' then
  redis.call('PERSIST', META)
  redis.call('ZADD', HOSTS, now_text, ARGV[3])
  redis.call('HSET', TOLD, ARGV[3], ARGV[4])
end
return { now_text }
`].join('');

export const cancelJobs = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, giveUp_1, read_1, remove_1, logKeys_1, log_1, remove_2, own_1, remove_3, forget_1, gone_1, recurs_1, tell_1, eventStream_1, tell_2, `redis.call('PERSIST', META)
if ARGV[8] == 'keep' then log_exists = false end
local ids, seen, gone = {}, {}, { now_text, '', '' }
for i = 10, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
local kept_ms = math.max(tonumber(ARGV[6]), 2 * tonumber(redis.call('HGET', META, 'longestLease') or 0))
local function tell_worker(id)
  redis.call('SET', prefix .. 'cancelled:' .. id, ARGV[5], 'PX', text(kept_ms))
  if ARGV[3] ~= '' then
    redis.pcall('PUBLISH', ARGV[3] .. ':cancel', ARGV[4] .. ',"jobId":' .. cjson.encode(id) .. ',"reason":' .. cjson.encode(ARGV[5]) .. '}')
  end
end
local function leave_place(id, name, record, state)
  local asked_at, seq, priority, flags = asked(record)
  if seq then
    displace(id, name, planned(asked_at, happened(state)), seq, priority, flags)
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
local function asks_for(letter)
  return string.find(ARGV[9], letter, 1, true) ~= nil
end
local function waits(record, state, flags)
  local asked_at, facts = asked(record), happened(state)
  local at = planned(asked_at, facts)
  return at and (at <= now or asks_for('w')) and not secondary(facts, flags) and not recurs(record, flags)
end
local function is_dead(record, state, flags)
  local asked_at, facts = asked(record), happened(state)
  return not planned(asked_at, facts) and secondary(facts, flags) == 'retrying' and not recurs(record, flags)
end
local function may_go(record, state, entry)
  if ARGV[9] == '' then return true end
  local _, _, _, flags = asked(record)
  if asks_for('d') then return not entry and is_legible(record) and is_dead(record, state, flags) end
  if asks_for('q') or asks_for('w') then return not entry and is_legible(record) and waits(record, state, flags) end
  if entry and asks_for('r') then return false end
  return not (asks_for('e') and flags and recurs(record, flags))
end
local told_kind = ARGV[9] == '' and 'cancelled' or 'removed'
local count = read_some(ids, { JOBS, STATE, LEASE }, function(_, id, record, state, entry)
  if not record or seen[id] then return end
  seen[id] = true
  if not may_go(record, state, entry) then return end
  if entry then tell_worker(id) end
  for _, name in ipairs(names_of(record)) do
    if entry then give_up(id, name) else leave_place(id, name, record, state) end
    end_run(id, name, select(4, asked(record)), record)
    zrem(index('disabled', name), id)
  end
  remove_keys(id, record, 'cancelled')
  remember_gone(id, record, tonumber(ARGV[7]))
  remove_record(id, state)
  tell(told_kind, id, name_of(record))
  gone[#gone + 1] = id
end)
flush()
advance()
tell_all()
forget_gone(2 * #ids)
gone[2] = tostring(count)
if log_exists and redis.call('EXISTS', prefix .. 'logs:leaving') == 1 then gone[3] = '1' end
return gone
`].join('');

export const claimOne = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, pass_1, maxRescues_1, lastStart_1, tell_1, eventStream_1, tell_2, `local token, host, lease_ms, id = ARGV[5] .. ':1', ARGV[6], tonumber(ARGV[7]), ARGV[8]
local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
local asked_at, seq, priority, flags = asked(record or '')
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
  return { now_text, 'ok', fence, expiry, locked_at, record, with_progress(id, state), mark(state) }
end
redis.call('PERSIST', META)
local _, last_fence = pass(lease_ms)
local fence, expiry = text(math.max(last_fence + 1, micros)), text(soon + lease_ms)
redis.call('HSET', META, 'lastPass', now_text, 'fence', fence)
local facts = happened(state)
local planned_at = planned(asked_at, facts)
displace(id, name, planned_at, seq, priority, flags)
begin_run(id, name, flags, record)
if not planned_at and facts.known then
  begin_anew(facts)
  state = packed(facts)
  hset(STATE, id, state)
end
hset(LEASE, id, lease_entry(token, fence, now_text, '', host, name, '', ''))
zadd(LEASES, expiry, id)
zadd(index('running', name), now_text, id)
flush()
advance()
if in_use('stream') then tell('started', id, name, event_stream().attempts_in(state) + 1, host) end
tell_all()
return { now_text, 'ok', fence, expiry, now_text, record, with_progress(id, state), mark(state) }
`].join('');

export const claimRow = [time_1, key_1, inUse_1, pass_1, gate_1, openings_1, rate_1, gates_1, gate_2, `local name, ahead, silent, rescues = ARGV[5], tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
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
local function due_of_open(name)
  local due = redis.call('ZSCORE', DUE, name)
  if due == '-inf' then
    redis.call('PERSIST', META)
    reopen(name)
    due = redis.call('ZSCORE', DUE, name)
  end
  return due ~= '-inf' and tonumber(due) or nil
end
local due_at = due_of_open(name)
local may_be_due = due_at and due_at <= now + ahead
local silent_ids = redis.call('ZRANGEBYSCORE', index('running', name), '-inf', text(now - silent), 'LIMIT', 0, LOST_LIMIT)
local first_expiry = tonumber(redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2])
local has_expired = first_expiry and first_expiry <= now
if not may_be_due and not silent_ids[1] and not has_expired and ARGV[9] == '' then
  if first_expiry then pass_by() end
  return { now_text }
end
`, order_1, writes_1, record_1, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, giveUp_1, windowEnd_1, read_1, remove_1, logKeys_1, log_1, remove_2, own_1, remove_3, claim_1, maxRescues_1, history_1, own_1, ownEnd_1, tell_1, eventStream_1, tell_2, rescue_1, row_1, `local function candidate(id, record, state)
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
  local best, best_key, best_id
  for _, member in ipairs(members) do
    local seq, priority, id, is_first = seq_priority_id(member)
    local key = { ready_score(now, priority, is_first), ready_member(now, seq, priority, id, is_first) }
    if not best or key[1] < best_key[1] or key[1] == best_key[1] and is_behind(best_key[2], key[2]) then
      best, best_key, best_id = member, key, id
    end
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
local function bury_if_over(row, is_taken)
  if not in_use('expiring') or not has_flag(row.flags, FLAG.expires) then return false end
`, expiry_1, `  if not has_expired(row.record, row.flags) then return false end
  if is_taken then end_run(row.id, name, row.flags, row.record) end
  expire(row.id, name, row.record, row.state, is_taken)
  return true
end
local has_looked = false
local function first_free()
  if (due_of_open(name) or math.huge) > now + ahead then return end
  has_looked = true
  promote(name)
  for _ = 1, GHOSTS do
    local line, member, id = head_of_line()
    if not id then return end
    local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
    local free = candidate(id, record, state)
    if free and free.at > now + ahead then return end
    local is_ready = line == index('ready', name)
    if free and bury_if_over(free) then free, record = nil, nil end
    if free and not is_lined(free.flags) or free and lines().may_start(id, name, record, state, not is_ready) then
      free.line, free.member = line, member
      return free
    end
    if free and not is_ready then return end
    if not free then zrem(line, member) end
    if record and not free then
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
  local one_first, other_first = goes_first(one.flags), goes_first(other.flags)
  local one_score, other_score = ready_score(one.at, one.priority, one_first), ready_score(other.at, other.priority, other_first)
  if one_score ~= other_score then return one_score < other_score end
  local one_member = ready_member(one.at, one.seq, one.priority, one.id, one_first)
  return is_behind(ready_member(other.at, other.seq, other.priority, other.id, other_first), one_member)
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
    end_run(row.id, name, row.flags, row.record)
    settle_down(row.id, name, facts)
    if has_own_end(row.flags) then end_own_way(row.id, row.record, 'dead') end
    return
  end
  if bury_if_over(row, true) then return end
  end_run(row.id, name, row.flags, row.record, true)
  if is_lined(row.flags) and not lines().may_start(row.id, name, row.record, row.state, true) then
    put_down(row.id, name, at, row.seq, row.priority, row.flags, facts)
    return
  end
  begin_run(row.id, name, row.flags, row.record)
  return hand_out(row.id, name, row.record, row.state, not at and row.at or nil)
end
local function take_free(row)
  if is_lined(row.flags) then
    displace(row.id, name, row.planned_at, row.seq, row.priority, row.flags)
    begin_run(row.id, name, row.flags, row.record)
  end
  zrem(row.line, row.member)
  zrem(index('repeating', name), row.id)
  zrem(index('retrying', name), row.id)
  return hand_out(row.id, name, row.record, row.state)
end
local function has_room(ended)
  if in_use('paused') then return false end
  return not gate_of(name) or gates().room_of(name, ended) > 0
end
local function take_next()
  local candidates = has_room(1) and lost_rows() or {}
  if has_room(0) then candidates[#candidates + 1] = first_free() end
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
if lines_tools then lines().refill() end
if has_looked then recede(name) end
if row and gate_of(name) then gates().note_starts_of(name, 1) end
if row or may_be_due then freed[name] = true end
reopen_freed()
tell_all()
return row or { now_text }
`].join('');

export const cleanJobs = [time_1, key_1, writes_1, record_1, read_1, remove_1, logKeys_1, log_1, remove_2, own_1, remove_3, forget_1, gone_1, recurs_1, inUse_1, tell_1, eventStream_1, tell_2, prune_1, `redis.call('PERSIST', META)
local name, place_name, first = ARGV[4], ARGV[5], tonumber(ARGV[8])
local past = older_than(name, place_name, tonumber(ARGV[6]))
local looked, kept, _, gone = sweep(name, place_name, first, math.min(past - first, affordable(tonumber(ARGV[7]))), function()
  return false
end, 'clean')
flush()
tell_all()
forget_as_many(#gone)
local log_is_left = log_exists and redis.call('EXISTS', prefix .. 'logs:leaving') == 1
return { now_text, text(first + kept), first + looked < past and '1' or '', log_is_left and '1' or '', unpack(gone) }
`].join('');

export const clearLog = [time_1, key_1, writes_1, read_1, logKeys_1, log_1, logWalk_1, `local members, times, met = {}, {}, 0
local cursor = walk(0, WALK_LIMIT, function(member, at)
  met = met + 1
  if met <= drops_left then members[met], times[met] = member, at end
end)
local dropped = drop_entries(walked, members)
flush()
if dropped < met then cursor = cursor_of(members[dropped], times[dropped]) end
return { now_text, tostring(dropped), cursor or '' }
`].join('');

export const countJobs = [time_1, key_1, `local reply = { now_text }
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
`].join('');

export const dedupeJob = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, giveUp_1, forget_1, gone_1, read_1, own_1, held_1, version_1, extra_1, newData_1, tell_1, eventStream_1, tell_2, admit_1, `local id, name, field, mode = ARGV[7], ARGV[11], ARGV[16], ARGV[17]
local is_debounce = mode == 'debounce' or mode == 'leading'
local NOTE = prefix .. 'deduped:' .. ARGV[5]
local function answer(word, of_id)
  return {
    now_text, text(soon), word, of_id, redis.call('HGET', JOBS, of_id) or '',
    with_progress(of_id, redis.call('HGET', STATE, of_id)), with_progress(of_id, redis.call('HGET', LEASE, of_id)), redis.call('HGET', RESULTS, of_id) or '',
  }
end
local noted = redis.call('GET', NOTE)
if noted then return answer(string.match(noted, '^(%S+) (.*)$')) end
local under_id = redis.call('HGET', JOBS, id)
if under_id then
  local is_mine = string.match(own_of(under_id), '^{"nonce":"(%x+)"') == ARGV[5]
  return answer(is_mine and 'mine' or 'duplicate', id)
end
if tonumber(redis.call('ZSCORE', GONE, ARGV[5]) or 0) > now then return answer('mine', id) end
local function add()
  local cap = redis.call('HGET', META, 'capped') and cap_of(name)
  if cap and cap.is_away then return { now_text, text(soon), 'away', id, '', '', '', '' } end
  if cap and cap.queued >= cap.most then
    return { now_text, text(soon), 'full', id, text(cap.queued), text(cap.most), '', '' }
  end
  local seq, at, flags = redis.call('HINCRBY', META, 'seq', 1), instant(ARGV[8]), tonumber(ARGV[10])
  local rest = ARGV[12] .. ',' .. (ARGV[13] ~= '' and ARGV[13] or 'null') .. ARGV[14]
  if has_flag(flags, FLAG.expires) then rest = with_expiry(rest) end
  local record = '[' .. now_text .. ',' .. text(at - now) .. ',' .. text(seq) .. ',' .. ARGV[9] .. ',' .. ARGV[10] .. ',' .. rest
  hset(JOBS, id, record)
  redis.call('SADD', prefix .. 'names', name)
  place(id, name, at, seq, tonumber(ARGV[9]), flags, happened(false), record)
  note_new(id, record, seq, flags)
  if mode == 'leading' then forget_held(2) end
  hold(field, id, mode == 'leading' and text(soon + ARGV[18]))
  flush()
  advance()
  tell('enqueued', id, name, nil, nil, nil, at)
  tell_all()
  return { now_text, text(soon), 'added', id, '', '', '', '' }
end
local function job_of(holder_id, record)
  if not record or not is_legible(record) or not carries(record, field) then return end
  local state, entry = redis.call('HGET', STATE, holder_id), redis.call('HGET', LEASE, holder_id)
  local facts, asked_at, seq, priority, flags = happened(state), asked(record)
  local job = {
    id = holder_id, record = record, has_state = state, facts = facts, entry = entry, seq = seq, priority = priority,
    flags = flags, at = planned(asked_at, facts),
  }
  local _, _, _, _, _, _, run = holder(entry or '')
  job.was_claimed = run and string.sub(run, 1, 1) == 'c'
  job.is_running = entry and not job.was_claimed
  if job.was_claimed then job.at = own_time(run, job.at) end
  return job
end
local function holds(job)
  if job.is_running then return not is_debounce end
  local expires_at = has_flag(job.flags, FLAG.expires) and own_facts(job.record).expires or math.huge
  return job.at and expires_at > now and not (is_debounce and job.facts.lastRunAt)
end
local function takes(part)
  if mode ~= 'replace' then return part == 'data' end
  return string.find(' ' .. ARGV[20] .. ' ', ' ' .. part .. ' ', 1, true) ~= nil
end
local function next_time(job)
  if takes('nextRunAt') then return instant(ARGV[8]) end
  if mode ~= 'debounce' then return job.at end
  local created, longest = string.match(job.record, '^%[(%d+)'), tonumber(ARGV[19])
  local latest = longest and created + longest
  if latest and latest <= now then return math.min(job.at, now) end
  return earlier(soon + ARGV[18], latest)
end
local function rewritten(job, at)
  local record = job.record
  if takes('priority') then
    record = string.gsub(record, '^(%[%d+,[^,]+,%d+,)[^,]+', function(head) return head .. ARGV[9] end, 1)
  end
  if at and not job.has_state then
    local created = string.match(record, '^%[(%d+)')
    record = '[' .. created .. ',' .. text(at - created) .. string.match(record, '^%[%d+,[^,]+(,.*)$')
  end
  if takes('data') then record = with_data(record, job.flags, ARGV[13], version_of(tonumber(ARGV[10]))) end
  return record_by(record, ARGV[15])
end
local function keep_for_next(job)
  local token, fence, locked_at, pending, host, of_name, run, progress = holder(job.entry)
  if token and pending == '' then
    local again = text(instant(ARGV[8]))
    hset(LEASE, job.id, lease_entry(token, fence, locked_at, again, host, of_name, run, progress))
  end
  if has_flag(job.flags, FLAG.expires) then
    job.flags = job.flags - FLAG.expires
    job.record = with_flags(job.record, job.flags)
    zrem(prefix .. 'expiring', job.id)
  end
  hset(JOBS, job.id, rewritten(job))
  return 'kept-for-next'
end
local function replace(job)
  local facts, at = job.facts, next_time(job)
  if job.was_claimed then
    give_up(job.id, name)
    end_run(job.id, name, job.flags, job.record, true)
  else
    displace(job.id, name, job.at, job.seq, job.priority, job.flags)
  end
  local record = rewritten(job, at)
  hset(JOBS, job.id, record)
  if at ~= job.at then facts.occurrenceAt = nil end
  facts.nextRunAt = at
  if job.has_state then hset(STATE, job.id, packed(facts)) end
  local _, _, priority, flags = asked(record)
  place(job.id, name, at, job.seq, priority, flags, facts, record)
  return 'replaced'
end
local function take_over(job)
  if job.is_running and mode ~= 'latest' then return answer('duplicate', job.id) end
  redis.call('SET', NOTE, (job.is_running and 'kept-for-next ' or 'replaced ') .. job.id, 'PX', ARGV[6])
  local word = job.is_running and keep_for_next(job) or replace(job)
  flush()
  advance()
  return answer(word, job.id)
end
local holder_id = redis.call('HGET', POINTERS, field)
local job = holder_id and job_of(holder_id, redis.call('HGET', JOBS, holder_id))
if job and holds(job) then return take_over(job) end
if holder_id and tonumber(redis.call('ZSCORE', HELD, field) or 0) > now then return answer('duplicate', holder_id) end
return add()
`].join('');

export const disableJobs = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, giveUp_1, read_1, `redis.call('PERSIST', META)
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
`].join('');

export const dropLogs = [time_1, key_1, writes_1, read_1, logKeys_1, log_1, `drop_leaving()
flush()
return { now_text, redis.call('EXISTS', LEAVING) == 1 and '1' or '' }
`].join('');

export const enqueueJobs = [time_1, key_1, order_1, inUse_1, `local KIND_WIDTH, KEY_WIDTH, WIDTH = 4, 3, 3
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
local capped, stream, gated, paused, expiring, lined, idle =
  unpack(redis.call('HMGET', META, 'capped', 'stream', 'gated', 'paused', 'expiring', 'lined', 'idleUntil'))
note_use(gated, paused, expiring, stream, lined, idle)
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
`, news_1, sleepers_1, news_2, bringForward_1, plainAdds_1, `if not is_repeat and ARGV[7] == '0' and not capped and not stream and are_plain() then
  add_plainly()
  return { now_text, text(soon) }
end
return (function()
`, writes_1, record_1, gate_1, openings_1, rate_1, gates_1, gate_2, place_1, keyLine_1, lines_1, place_2, `local may_be_noted = false
for _, kind in ipairs(kinds) do
  may_be_noted = may_be_noted or kind.flags >= FLAG.expires
end
local cap, expire, note, tell_added, tell_all_added
if capped or may_be_noted then
`, own_1, admit_1, `  cap, expire, note = cap_of, with_expiry, note_new
end
if stream then
`, tell_1, eventStream_1, tell_2, `  tell_added, tell_all_added = tell, tell_all
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
    parts[5] = with_progress(id, redis.call('HGET', STATE, id))
    parts[6] = with_progress(id, redis.call('HGET', LEASE, id))
    parts[7] = redis.call('HGET', RESULTS, id) or ''
    sent = sent + #record + #parts[7]
  end
  for _, part in ipairs(parts) do
    reply[#reply + 1] = part
  end
end
local function refuse(i, id, limit)
  for _, part in ipairs({ i, 'full', id, text(limit.queued), text(limit.most), '', '' }) do
    reply[#reply + 1] = part
  end
end
local added_here, any = {}, false
local fields, known_by_key, note_key = {}, nil, nil
if ARGV[7] ~= '0' then
`, read_1, own_1, held_1, `  local times, mine = {}, {}
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
  local limit = not word and capped and cap(kind.name)
  if word then
    except(i, word, holder, record)
  elseif limit and limit.is_away then
    word = 'away'
    except(i, word, id)
  elseif limit and limit.queued >= limit.most then
    word = 'full'
    refuse(i, id, limit)
  else
    if limit then limit.queued = limit.queued + 1 end
    if expire and has_flag(kind.flags, FLAG.expires) then rest = expire(rest) end
    record = kind.head .. text(seq + i) .. kind.middle .. rest
    added_here[id] = record
    any = true
    hset(JOBS, id, record)
    place(id, kind.name, kind.at, seq + i, kind.priority, kind.flags, fresh, record)
    if note then note(id, record, seq + i, kind.flags) end
    if stream then tell_added('enqueued', id, kind.name, nil, nil, nil, kind.at) end
  end
  if field then note_key(i, word, record) end
end
flush()
if any then redis.call('SADD', prefix .. 'names', unpack(names)) end
advance()
if stream then tell_all_added() end
return reply
end)()
`].join('');

export const examineEntries = [time_1, key_1, order_1, `return (function()
`, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, examine_1, lease_1, giveUp_1, windowEnd_1, read_1, remove_1, logKeys_1, log_1, remove_2, own_1, remove_3, maxRescues_1, history_1, own_1, ownEnd_1, tell_1, eventStream_1, tell_2, rescue_1, judgeRun_1, judgePlace_1, recurs_1, judgeLeads_1, judgeJob_1, `local rest, kind, text_of_key, key_of_name = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
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
local function told(id, record, state, entry)
  local asked_at, seq, priority, flags = asked(record)
  return {
    id = id, name = name_of(record), record = record, state = state, entry = entry, seq = seq, priority = priority, flags = flags,
    at = planned(asked_at, happened(state)),
  }
end
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
end)()
`].join('');

export const examineJobs = [time_1, key_1, order_1, `return (function()
`, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, examine_1, lease_1, giveUp_1, windowEnd_1, read_1, remove_1, logKeys_1, log_1, remove_2, own_1, remove_3, maxRescues_1, history_1, own_1, ownEnd_1, tell_1, eventStream_1, tell_2, rescue_1, judgeRun_1, judgePlace_1, recurs_1, judgeLeads_1, judgeJob_1, `local ids = {}
for i = 7, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
end
looked_at(read_some(ids, { JOBS, STATE, LEASE }, function(i, id, record, state, entry)
  judge_job(id, record, state, entry, ARGV[6 + 2 * i])
end))
flush()
advance()
tell_all()
return reply
end)()
`].join('');

export const examineKeys = [time_1, key_1, writes_1, examine_1, `local LONGEST_LIFE_MS, WIDTH = 86400000, 4
local ENTRIES = { history = '^%["%l",%d+,', output = '^%d+ %d+ [^:]*:%d+ ' }
local function is_ours(rest)
  local form, key = ENTRIES[string.match(rest, '^(%l+):')], prefix .. rest
  for _, place in ipairs({ 0, -1 }) do
    if not string.find(redis.call('LINDEX', key, place), form) then return false end
  end
  return true
end
local function judge_life(rest, passes)
  local key = prefix .. rest
  local ttl = redis.call('PTTL', key)
  if ttl >= 0 and not passes then
    found('mortal-key', rest, 'has a time to live', function() redis.call('PERSIST', key) end)
  elseif ttl == -1 and passes then
    found('lasting-key', rest, 'never goes', function() redis.call('PEXPIRE', key, text(LONGEST_LIFE_MS)) end)
  end
end
local function judge_key(rest, expected, passes, owner)
  local kind = redis.call('TYPE', prefix .. rest).ok
  if kind == 'none' then return end
  if expected ~= '' and kind ~= expected then
    found('wrong-type', rest, kind .. ' in place of ' .. expected)
    return
  end
  if owner ~= '' and redis.pcall('HEXISTS', JOBS, owner) == 0 then
    if not is_ours(rest) then
      found('unknown-key', rest, ', though its name looks so: its entries are of somebody else')
      return
    end
    found('remains', owner, rest, function() drop(prefix .. rest) end)
    return
  end
  judge_life(rest, passes)
end
for i = 6, #ARGV, WIDTH do
  judge_key(ARGV[i], ARGV[i + 1], ARGV[i + 2] == 'passes', ARGV[i + 3])
end
looked_at((#ARGV - 5) / WIDTH)
return reply
`].join('');

export const examineLines = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, examine_1, `local START_BYTES = 12
local function subject_of(line)
  return line.name .. ' ' .. line.key
end
local function waits_at(line, id)
  local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
  local asked_at, seq, _, flags = asked(record or '')
  if not seq or not is_lined(flags) or has_flag(flags, FLAG.disabled) then return false end
  if redis.call('HEXISTS', LEASE, id) == 1 or name_of(record) ~= line.name then return false end
  return lines().of_job(id, line.name, record) == line and planned(asked_at, happened(state)) ~= nil
end
local function judge_use(line)
  if in_use('lined') or redis.call('EXISTS', line.line, line.heads) == 0 then return end
  found('forgotten-use', 'lined', line.name, function() lines().note_use() end)
end
local function judge_holder(line)
  local id = redis.call('GET', line.holder)
  if not id or waits_at(line, id) then return end
  found('broken-line', subject_of(line), 'is kept by ' .. id .. ', which does not wait', function()
    redis.call('DEL', line.holder)
    lines().touch(line)
  end)
end
local function judge_line(line)
  local waiting = redis.call('ZCARD', line.line)
  local is_listed = redis.call('ZSCORE', index('lines', line.name), line.key)
  local opens_at = redis.call('ZSCORE', index('openings', line.name), line.key)
  local function refill()
    line.is_left = true
    lines().touch(line)
  end
  if (waiting > 0) ~= (is_listed ~= false) or waiting == 0 and opens_at then
    found('broken-line', subject_of(line), waiting > 0 and 'is not listed' or 'is listed, and nobody waits', refill)
  elseif waiting > 0 and not opens_at and redis.call('EXISTS', line.holder, line.heads, line.runs) == 0 then
    local due = tonumber(redis.call('ZSCORE', DUE, line.name)) or math.huge
    if due > now then found('broken-line', subject_of(line), 'nobody calls the next one', refill) end
  end
end
local function judge_rate(line)
  local key = prefix .. 'rate:k' .. line.whole
  if #(redis.call('GET', key) or '') % START_BYTES == 0 then return end
  found('broken-rate', subject_of(line), 'its newest starts cannot be read', function() redis.call('DEL', key) end)
end
for i = 6, #ARGV, 2 do
  local line = lines().of_key(ARGV[i], ARGV[i + 1])
  judge_use(line)
  judge_rate(line)
  judge_holder(line)
  judge_line(line)
end
looked_at((#ARGV - 5) / 2)
flush()
advance()
return reply
`].join('');

export const examineNames = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, examine_1, limits_1, `local OPENS, START_BYTES = prefix .. 'opens', 12
local PLACES = { 'ready', 'timed', 'lined', 'parked', 'running', 'completed', 'dead' }
local function has_jobs(name)
  for _, place_name in ipairs(PLACES) do
    if redis.call('EXISTS', index(place_name, name)) == 1 then return true end
  end
  return false
end
local function is_legible_json(stored)
  local is_legible, value = pcall(cjson.decode, stored)
  return is_legible and type(value) == 'table'
end
local function judge_settings(name)
  for _, field in ipairs({ 'settings', 'limits' }) do
    local stored = redis.call('HGET', prefix .. field, name)
    if stored and not is_legible_json(stored) then found('illegible-settings', name, field) end
  end
end
local function judge_rate(name)
  local key = prefix .. 'rate:n' .. name
  if #(redis.call('GET', key) or '') % START_BYTES == 0 then return end
  found('broken-rate', name, 'its newest starts cannot be read', function() redis.call('DEL', key) end)
end
local GATE_TYPES = {
  paused = 'table', concurrency = 'number', rate = 'table', key = 'table', maxQueued = 'number', ['until'] = 'number', away = 'number',
}
local function is_legible_gate(stored)
  if not is_legible_json(stored) then return false end
  for member, value in pairs(cjson.decode(stored)) do
    if type(value) ~= (GATE_TYPES[member] or type(value)) then return false end
  end
  return true
end
local function judge_gate(name, is_away)
  local stored = redis.call('HGET', prefix .. 'gates', name)
  if not stored then return end
  if not is_legible_gate(stored) then
    found('broken-gate', name, 'its limits and its pause cannot be read', function()
      gates().keep_gate(name, {})
      rebuild_gate(name, is_away)
    end)
    return
  end
  local gate = cjson.decode(stored)
  if next(gate) == nil then
    found('broken-gate', name, 'holds nothing back', function() gates().keep_gate(name, gate) end)
  elseif (gate.maxQueued or gate.away) and redis.call('HEXISTS', META, 'capped') == 0 then
    found('forgotten-use', 'capped', name, function() redis.call('HSET', META, 'capped', '1') end)
  end
  if gate.away and has_jobs(name) then found('wrong-partition', name, 'all its jobs should live in another partition') end
  return gate
end
local function open_or_close(name)
  local at = gates().reopen(name)
  if at then announce(name, at) end
end
local function fault_of_closing(name, gate, is_closed)
  local opens = redis.call('ZSCORE', OPENS, name)
  if not is_closed then
    local is_stopped = gate and (gate.paused or (gate['until'] or 0) > now)
    if is_stopped then return 'is open though it is stopped' end
    return opens and 'is to be opened, and is not closed' or nil
  end
  if not gate then return 'is closed without a reason' end
  local is_full = gate.concurrency and redis.call('ZCARD', index('running', name)) >= gate.concurrency
  if not (gate.paused or opens or is_full) then return 'is closed, and nothing opens it' end
end
local function judge_closing(name, gate, is_closed)
  local fault = fault_of_closing(name, gate, is_closed)
  if not fault then return false end
  found('broken-gate', name, fault, function()
    if not is_closed then redis.call('ZREM', OPENS, name) end
    open_or_close(name)
  end)
  return true
end
local function first_due(name)
  if redis.call('EXISTS', index('ready', name)) == 1 then return now end
  return next_due(name)
end
local function judge_due(name, due)
  local first = first_due(name)
  if not first or due and due <= math.max(first, now) then return end
  found('late-name', name, due and text(due) or 'never', function() earliest[name] = first end)
end
local function judge_listing(name, due, is_closed)
  if not due or is_closed or redis.call('SISMEMBER', prefix .. 'names', name) == 1 then return end
  found('unlisted-name', name, 'is due', function()
    if has_jobs(name) then redis.call('SADD', prefix .. 'names', name) else redis.call('ZREM', DUE, name) end
  end)
end
for i = 6, #ARGV, 2 do
  local name = ARGV[i]
  judge_settings(name)
  judge_rate(name)
  local gate = judge_gate(name, ARGV[i + 1] == 'away')
  local score = redis.call('ZSCORE', DUE, name)
  local is_closed, due = score == '-inf', tonumber(score)
  if not judge_closing(name, gate, is_closed) and not is_closed then judge_due(name, due) end
  judge_listing(name, due, is_closed)
end
looked_at((#ARGV - 5) / 2)
flush()
advance()
return reply
`].join('');

export const examineStore = [time_1, key_1, writes_1, examine_1, logKeys_1, `local function is_noted(field)
  return redis.call('HEXISTS', META, field) == 1
end
local function judge_use(field, key)
  if redis.call('EXISTS', prefix .. key) == 0 or is_noted(field) then return end
  found('forgotten-use', field, key, function() redis.call('HSET', META, field, '1') end)
end
local function judge_gates()
  judge_use('gated', 'gates')
  if not is_noted('gated') or redis.call('EXISTS', prefix .. 'gates') == 1 then return end
  found('forgotten-use', 'gated', 'no gates', function() redis.call('HDEL', META, 'gated') end)
end
local function judge_log()
  local newest = redis.call('ZREVRANGE', LOGS_ALL, 0, 0)[1]
  local number = newest and string.find(newest, LOG_ENTRY) and tonumber(string.sub(newest, 1, 12), 16)
  if number and number > (tonumber(redis.call('HGET', META, 'logSeq')) or 0) then
    found('counter-behind', 'logSeq', text(number), function() redis.call('HSET', META, 'logSeq', text(number)) end)
  end
  local entries, known = redis.call('HLEN', LOGS), redis.call('ZCARD', LOGS_ALL)
  if entries > known then found('broken-log', 'logs', text(entries - known) .. ' entries stand in no index') end
end
local function end_of(command, from, to)
  return redis.call(command, prefix .. 'events', from, to, 'COUNT', 1)[1]
end
local function is_ours(entry)
  local parts = entry[2]
  return parts[1] == 'n' and tonumber(parts[2]) and parts[5] == 'e'
end
local function numbers_of(first, last)
  local ok, events = pcall(cjson.decode, last[2][6])
  return tonumber(first[2][2]), tonumber(last[2][2]) + (ok and type(events) == 'table' and #events or 1) - 1
end
local function judge_events()
  local stream = prefix .. 'events'
  local numbers = redis.call('HMGET', META, 'stream', 'eventSeq', 'eventsDropped')
  local newest, dropped = tonumber(numbers[2]) or 0, tonumber(numbers[3]) or 0
  local oldest, latest = end_of('XRANGE', '-', '+'), end_of('XREVRANGE', '+', '-')
  if oldest and not (is_ours(oldest) and is_ours(latest)) then
    found('broken-events', 'events', 'has entries of somebody else')
    return
  end
  if not numbers[1] and redis.call('EXISTS', stream) == 1 then
    found('broken-events', 'events', 'is kept by nobody', function() redis.call('UNLINK', stream) end)
    return
  end
  local first, last
  if oldest then first, last = numbers_of(oldest, latest) end
  if last and last > newest then
    found('counter-behind', 'eventSeq', text(last), function() redis.call('HSET', META, 'eventSeq', text(last)) end)
  end
  local gone = first and first - 1 or numbers[1] and newest
  if gone and gone ~= dropped then
    found('broken-events', 'eventsDropped', text(dropped) .. ' in place of ' .. text(gone), function()
      redis.call('HSET', META, 'eventsDropped', text(gone))
    end)
  end
end
judge_gates()
judge_use('expiring', 'expiring')
judge_use('told', 'progress')
judge_log()
judge_events()
return reply
`].join('');

export const expireJobs = [time_1, key_1, inUse_1, `if not in_use('expiring') then return { now_text, '' } end
redis.call('PERSIST', META)
`, order_1, writes_1, record_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, read_1, own_1, ownEnd_1, history_1, tell_1, eventStream_1, tell_2, expiry_1, `local has_more = bury_expired(tonumber(ARGV[5]))
tell_all()
return { now_text, has_more and '1' or '', unpack(buried) }
`].join('');

export const forgetName = [time_1, key_1, `local name = ARGV[3]
for _, place in ipairs({ 'ready', 'timed', 'lined', 'parked', 'running', 'completed', 'dead' }) do
  if redis.call('EXISTS', index(place, name)) == 1 then return { now_text, '' } end
end
redis.call('SREM', prefix .. 'names', name)
if redis.call('ZSCORE', DUE, name) ~= '-inf' then redis.call('ZREM', DUE, name) end
return { now_text, '1' }
`].join('');

export const getJobs = [time_1, key_1, read_1, record_1, `local ids, reply = {}, { now_text }
for i = 3, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
read_some(ids, { JOBS, STATE, LEASE, RESULTS }, function(_, id, record, state, entry, result)
  for _, part in ipairs({ record or '', with_progress(id, state), with_progress(id, entry), result or '' }) do
    reply[#reply + 1] = part
  end
end)
return reply
`].join('');

export const holdNames = [time_1, key_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, `local function jobs_of(name)
  local count = 0
  for _, place in ipairs({ 'ready', 'timed', 'lined', 'parked', 'running', 'completed', 'dead' }) do
    count = count + redis.call('ZCARD', index(place, name))
  end
  return count
end
local function move(name, gate, away)
  gate.away = away
  if away then redis.call('HSET', META, 'capped', '1') end
  gates().keep_gate(name, gate)
  return '1'
end
redis.call('PERSIST', META)
local reply = { now_text }
for i = 4, #ARGV do
  local name, moved, count = ARGV[i], '', 0
  local gate = gates().gate_of(name) or {}
  if ARGV[3] == 'back' then
    local is_limited = gate.concurrency or gate.rate or gate.maxQueued
    if not is_limited then moved = gate.away and move(name, gate, nil) or '1' end
  elseif not gate.away then
    count = jobs_of(name)
    if ARGV[3] == 'away' and count == 0 then moved = move(name, gate, 1) end
  end
  reply[#reply + 1] = text(count)
  reply[#reply + 1] = moved
end
return reply
`].join('');

export const inspectJob = [time_1, key_1, record_1, `local id = ARGV[3]
local record = redis.call('HGET', JOBS, id)
if not record then return { now_text } end
local reply = { now_text, record }
for n, hash in ipairs({ STATE, LEASE, RESULTS }) do
  reply[n + 2] = with_progress(id, redis.call('HGET', hash, id))
end
reply[6] = redis.call('ZSCORE', LEASES, id) or ''
for n, entry in ipairs(redis.pcall('LRANGE', prefix .. 'history:' .. id, 0, -1)) do
  reply[n + 6] = entry
end
return reply
`].join('');

export const keepEvents = [time_1, key_1, `redis.call('PERSIST', META)
if ARGV[3] == '' then
  redis.call('UNLINK', prefix .. 'events')
  redis.call('HDEL', META, 'stream')
  return { now_text }
end
if redis.call('HEXISTS', META, 'stream') == 0 then
  local told = text(tonumber(redis.call('HGET', META, 'eventSeq') or 0) + 1)
  redis.call('HSET', META, 'eventSeq', told, 'eventsDropped', told, 'eventBytes', '0', 'eventBytesDropped', '0', 'oldestEventAt', now_text)
end
redis.call('HSET', META, 'stream', ARGV[3])
return { now_text }
`].join('');

export const keepTogether = [time_1, key_1, `redis.call('PERSIST', META)
for i = 4, #ARGV do
  redis.call(ARGV[3] == 'held' and 'SADD' or 'SREM', prefix .. 'together', ARGV[i])
end
return { now_text }
`].join('');

export const listHosts = [time_1, key_1, `local since = '(' .. text(now - tonumber(ARGV[3]))
local found = redis.call('ZRANGEBYSCORE', prefix .. 'hosts', since, '+inf', 'WITHSCORES', 'LIMIT', ARGV[4], ARGV[5])
local hosts, reply = {}, { now_text }
for i = 1, #found, 2 do
  hosts[#hosts + 1] = found[i]
end
if not hosts[1] then return reply end
for i, told in ipairs(redis.call('HMGET', prefix .. 'hosts:told', unpack(hosts))) do
  reply[#reply + 1] = found[2 * i]
  reply[#reply + 1] = told or ''
end
return reply
`].join('');

export const lockRow = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, claim_1, row_1, `local name, id = ARGV[5], ARGV[11]
local earlier_try = row_of_earlier_try()
if earlier_try then return earlier_try end
local record, state = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id)
local asked_at, seq, priority, flags = asked(record or '')
local planned_at = seq and planned(asked_at, happened(state))
local is_as_known = seq and name_of(record) == name and planned_at == tonumber(ARGV[12])
if not is_as_known or has_flag(flags, FLAG.disabled) or redis.call('HEXISTS', LEASE, id) == 1 then return { now_text } end
if has_flag(flags, FLAG.expires) then
`, own_1, `  if (own_facts(record).expires or math.huge) <= now then return { now_text } end
end
redis.call('PERSIST', META)
reopen(name)
if in_use('paused') or gate_of(name) and gates().room_of(name) == 0 then return { now_text } end
if is_lined(flags) and not lines().may_start(id, name, record, state, true) then
  advance()
  return { now_text }
end
displace(id, name, planned_at, seq, priority, flags)
begin_run(id, name, flags, record)
local row = hand_out(id, name, record, state)
advance()
recede(name)
if gate_of(name) then gates().note_starts_of(name, 1) end
freed[name] = true
reopen_freed()
return row
`].join('');

export const lookAtStore = [time_1, key_1, `local kind = redis.call('TYPE', META).ok
if kind == 'none' then return { now_text } end
if kind ~= 'hash' then return { now_text, 'foreign', kind } end
local moving = redis.call('HGET', META, 'moving')
if moving then return { now_text, 'moving', moving } end
local reply = { now_text }
for i = 3, #ARGV do
  reply[#reply + 1] = redis.call('HGET', META, ARGV[i]) or ''
end
return reply
`].join('');

export const openNames = [time_1, key_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, `for i = 3, #ARGV do
  gates().reopen(ARGV[i])
end
return { now_text }
`].join('');

export const openStore = [time_1, key_1, `local kind = redis.call('TYPE', META).ok
if kind ~= 'none' and kind ~= 'hash' then return { now_text, 'foreign', kind } end
if kind == 'none' and redis.call('EXISTS', prefix .. 'jobs:all') == 1 then
  return { now_text, 'foreign', 'the layout of another backend (it has a key jobs:all)' }
end
local moving = kind == 'hash' and redis.call('HGET', META, 'moving')
if moving then return { now_text, 'moving', moving } end
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
`].join('');

export const pageGates = [time_1, key_1, `local PAGE = 100
local page = redis.call('HSCAN', prefix .. 'gates', ARGV[3], 'COUNT', PAGE)
local reply, entries = { now_text, page[1], redis.call('HGET', META, 'paused') or '' }, page[2]
for i = 1, #entries, 2 do
  local name = entries[i]
  reply[#reply + 1], reply[#reply + 2] = name, entries[i + 1]
  reply[#reply + 1] = redis.call('HGET', prefix .. 'settings', name) or ''
  reply[#reply + 1] = redis.call('HGET', prefix .. 'limits', name) or ''
end
return reply
`].join('');

export const pageIndexes = [time_1, key_1, order_1, `local backwards, at = ARGV[3] == '-', ARGV[4]
local SHARED = { ready = true, timed = true, lined = true, parked = true }
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
  local seq, mark, priority, id = string.match(member, '^(%x%x%x%x%x%x%x%x%x%x%x%x)(%^?)([^:]*):(.*)$')
  local due_at, of_priority, is_first = tonumber(score), tonumber(priority) or 0, mark ~= ''
  local in_ready = ready_member(due_at, tonumber(seq, 16), of_priority, id, is_first)
  return in_ready, string.format('%.17g', ready_score(due_at, of_priority, is_first))
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
`].join('');

export const pageTags = [time_1, key_1, `local most, tags = tonumber(ARGV[4]), {}
for i = 5, #ARGV do
  local of_tag = prefix .. 'tag:' .. ARGV[i]
  tags[#tags + 1] = { key = of_tag, size = redis.call('ZCARD', of_tag) }
end
table.sort(tags, function(one, other) return one.size < other.size end)
local function has_others(id)
  for i = 2, #tags do
    if not redis.call('ZSCORE', tags[i].key, id) then return false end
  end
  return true
end
local found = redis.call('ZRANGEBYSCORE', tags[1].key, '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, most)
local looked, reply = #found / 2, { now_text, '' }
for i = 1, #found, 2 do
  if has_others(found[i]) then reply[#reply + 1] = found[i] end
end
if looked == most then reply[2] = found[#found] end
return reply
`].join('');

export const pageTogether = [time_1, key_1, `local next_cursor, names = unpack(redis.call('SSCAN', prefix .. 'together', ARGV[3], 'COUNT', 500))
return { now_text, next_cursor, unpack(names) }
`].join('');

export const promoteJobs = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, giveUp_1, forget_1, gone_1, read_1, move_1, `redis.call('PERSIST', META)
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
`].join('');

export const pruneJobs = [time_1, key_1, writes_1, record_1, read_1, remove_1, logKeys_1, log_1, remove_2, own_1, remove_3, forget_1, gone_1, recurs_1, inUse_1, tell_1, eventStream_1, tell_2, prune_1, own_1, held_1, unhandled_1, `if ARGV[6] == 'begin' and in_use('expiring') then return { now_text, '0', 'expired', {} } end
redis.call('PERSIST', META)
local ENDS, NAMES_LOOKED_AT, SCAN_STEP = { completed = 'completed', dead = 'failed' }, 64, 16
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
  end, 'retention')
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
    remove_ended(id, name, place_name, record, state, flags, 'retention')
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
local go_on = stage == 'begin' and prune_names('0', 0) or stage == 'names' and prune_names(cursor, tonumber(done)) or nil
if not go_on and not prune_leaving() then go_on = 'leaving' end
flush()
tell_all()
if in_use('stream') then event_stream().drop_old(32) end
forget_as_many(removed)
local unhandled = {}
if not go_on then
  forget_gone(1000)
  forget(prefix .. 'saved', 1000)
  forget_held(tonumber(ARGV[4]))
  flush()
  unhandled = unhandled_names(tonumber(ARGV[5]))
  if redis.call('EXISTS', prefix .. 'logs:leaving') == 1 then go_on = 'logs' end
end
table.insert(reply, 2, text(removed))
table.insert(reply, 3, go_on or '')
table.insert(reply, 4, unhandled)
return reply
`].join('');

export const readEvents = [time_1, key_1, `local STREAM, STEP, MOST_BYTES = prefix .. 'events', 8, 1048576
local meta = redis.call('HMGET', META, 'stream', 'eventSeq', 'eventsDropped')
local newest = tonumber(meta[2] or 0)
local reply = { now_text, meta[1] and '1' or '', text(newest), meta[3] or '0' }
local function add(entry)
  local fields = entry[2]
  for _, part in ipairs({ entry[1], fields[2], fields[4], fields[6] }) do
    reply[#reply + 1] = part
  end
end
if not meta[1] then return reply end
if ARGV[3] == 'end' then
  for _, entry in ipairs(redis.call('XREVRANGE', STREAM, '+', '-', 'COUNT', 1)) do
    add(entry)
  end
  return reply
end
local from, has_more, first_number, bytes = ARGV[3], true, nil, 0
while has_more do
  local entries = redis.call('XRANGE', STREAM, from, '+', 'COUNT', STEP)
  for i, entry in ipairs(entries) do
    if i > 1 or from == ARGV[3] then
      add(entry)
      first_number = first_number or tonumber(entry[2][2])
      bytes = bytes + #entry[2][6]
    end
  end
  local last = entries[#entries]
  has_more = #entries == STEP and last[2][2] - first_number < tonumber(ARGV[4]) and bytes < MOST_BYTES
  from = last and last[1]
end
return reply
`].join('');

export const readHistory = [time_1, key_1, `local id = ARGV[3]
if redis.call('HEXISTS', JOBS, id) == 0 then return { now_text } end
local entries = redis.pcall('LRANGE', prefix .. 'history:' .. id, 0, -1)
return { now_text, redis.call('HGET', STATE, id) or '', unpack(entries) }
`].join('');

export const readLog = [time_1, key_1, read_1, logKeys_1, logWalk_1, `local skip, wanted = tonumber(ARGV[12]), tonumber(ARGV[13])
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
`].join('');

export const readMetrics = [time_1, key_1, order_1, record_1, oldestDue_1, `local names, reply = { unpack(ARGV, 4) }, { now_text }
for _, name in ipairs(names) do
  local since = oldest_due(name)
  reply[#reply + 1] = since and text(now - since) or '0'
end
local last_minute = math.floor(now / 60000)
for minute = last_minute - ARGV[3] + 1, last_minute do
  local rows = redis.call('HMGET', prefix .. 'metrics:' .. text(minute), unpack(names))
  for i, name in ipairs(names) do
    if rows[i] then
      local last = #reply
      reply[last + 1], reply[last + 2], reply[last + 3] = text(minute), name, rows[i]
    end
  end
end
return reply
`].join('');

export const readOutput = [time_1, key_1, outputLine_1, `local id, most, behind, is_backwards = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == 'newest'
if redis.call('HEXISTS', JOBS, id) == 0 then return { now_text } end
local entries = redis.pcall('LRANGE', prefix .. 'output:' .. id, 0, -1)
local reply, count = { now_text, '' }, 0
local first, last, step = 1, #entries, 1
if is_backwards then
  first, last, step = #entries, 1, -1
end
for i = first, last, step do
  local number, _, _, _, line = line_parts(entries[i])
  if number and (not behind or (number - behind) * step > 0) then
    if count == most then
      reply[2] = '1'
      break
    end
    count = count + 1
    reply[#reply + 1], reply[#reply + 2] = text(number), line
  end
end
return reply
`].join('');

export const registerNames = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, limits_1, `redis.call('PERSIST', META)
for i = 5, #ARGV, 3 do
  local name, settings, away = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  redis.call('HSET', prefix .. 'settings', name, settings)
  if away ~= '' or in_use('gated') or string.find(settings, '"limits":', 1, true) then rebuild_gate(name, away == 'away') end
end
return { now_text }
`].join('');

export const releaseRows = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, giveUp_1, refuse_1, `redis.call('PERSIST', META)
local held = { now_text }
local function release(id, entry, record, state)
  local _, _, _, pending, _, name, run = holder(entry)
  local asked_at, seq, priority, flags = asked(record or '')
  if not name or not seq then return end
  local facts = happened(state)
  local planned_at = planned(asked_at, facts)
  if ARGV[5] == 'planned' and not planned_at then return id end
  give_up(id, name)
  end_run(id, name, flags, record, true)
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
`].join('');

export const renewLeases = [time_1, key_1, writes_1, record_1, refuse_1, inUse_1, pass_1, `local lease_ms = tonumber(ARGV[3])
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
`, outputLine_1, output_1, `    write_lines = write_lines_of
  end
  write_lines(id, fence, told.first, { unpack(ARGV, told.from, told.from + told.count - 1) })
end
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
`].join('');

export const requeueJobs = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, windowEnd_1, window_1, history_1, read_1, own_1, held_1, forget_1, gone_1, version_1, extra_1, newData_1, tell_1, eventStream_1, tell_2, `redis.call('PERSIST', META)
local SAVED, new_data = prefix .. 'saved', ARGV[10]
local at = math.max(now, instant(ARGV[8]))
local taken_here = {}
local function other_holder(id, fields)
  for _, field in ipairs(fields) do
    local holder_id = taken_here[field] or holder_of(field)
    if holder_id and holder_id ~= id then return holder_id end
  end
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
  if has_flag(flags, FLAG.expires) then
    flags = flags - FLAG.expires
    record = with_flags(record, flags)
    hset(JOBS, id, record)
  end
  displace(id, name, nil, seq, priority, flags)
  place(id, name, at, seq, priority, flags, facts)
  hset(STATE, id, packed(facts))
  if new_data ~= '=' then hset(JOBS, id, with_data(record, flags, new_data, tonumber(ARGV[11]))) end
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
  tell('requeued', id, name, nil, nil, nil, at)
  zadd(SAVED, text(soon + ARGV[6]), call)
  return 'ok'
end
local ids, words, reply = {}, {}, { now_text }
for i = 12, #ARGV do
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
tell_all()
return reply
`].join('');

export const rescueJobs = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, windowEnd_1, read_1, remove_1, logKeys_1, log_1, remove_2, own_1, remove_3, forget_1, gone_1, pass_1, giveUp_1, maxRescues_1, history_1, own_1, ownEnd_1, tell_1, eventStream_1, tell_2, rescue_1, `redis.call('PERSIST', META)
local held = pass(tonumber(ARGV[6]))
redis.call('HSET', META, 'lastPass', now_text)
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
tell_all()
local next_expiry = earliest_expiry()
local more = next_expiry and next_expiry <= now
return { now_text, more and '1' or '', '', next_expiry and text(next_expiry) or '', unpack(reply) }
`].join('');

export const saveJob = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, giveUp_1, windowEnd_1, window_1, forget_1, gone_1, tell_1, eventStream_1, tell_2, `local mode, id, key, name, due = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
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
local function begin_as_new()
  if ARGV[12] == '1' then flags = flags + FLAG.disabled end
  if ARGV[27] == '1' then flags = flags + FLAG.lined end
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
  begin_as_new()
  return { now_text, 'inserted', '', id, record_of(now_text, due, 0, ARGV[13]), ARGV[16], '', '' }
end
local function carry_out_all(word)
  mark_disabled()
  zadd(SAVED, text(soon + ARGV[18]), ARGV[17])
  flush()
  forget(SAVED, 10)
  tell_all()
  about = ',"jobId":' .. cjson.encode(id) .. ',"priority":' .. ARGV[10]
  return reply(word, advance())
end
local function full()
  if not in_use('gated') then return end
`, recurs_1, own_1, admit_1, `  local cap = cap_of(name)
  if not cap or cap.is_away then return cap end
  return not recurs(rule, flags) and cap.queued >= cap.most and cap
end
local function insert()
  local cap = full()
  if cap and cap.is_away then return { now_text, 'away' } end
  if cap then return { now_text, 'full', '', id, text(cap.queued), text(cap.most), '', '' } end
  local seq, facts = redis.call('HINCRBY', META, 'seq', 1), happened(ARGV[16] ~= '' and ARGV[16])
  local at = due
  if debounce then at = debounce(facts, delay, longest, nil, due) end
  begin_as_new()
  local record = record_of(now_text, at, seq, ARGV[13])
  hset(JOBS, id, record)
  if key ~= '' then hset(prefix .. 'keys', key, id) end
  redis.call('SADD', prefix .. 'names', name)
  facts.nextRunAt = at
  if ARGV[23] ~= '' then
    lock_plainly(id, name, tonumber(ARGV[23]), '')
    begin_run(id, name, flags, record)
  else
    put_down(id, name, at, seq, priority, flags, facts, record)
  end
  if ARGV[16] ~= '' or debounce then hset(STATE, id, packed(facts)) end
  tell('enqueued', id, name, nil, nil, nil, at)
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
keep_flag(FLAG.lined)
keep_flag(FLAG.first)
keep_flag(FLAG.tagged)
if mode == 'update' then
`, version_1, extra_1, `  local function data_in(rest, its_flags)
    local has_data = has_flag(its_flags, FLAG.has_data)
    return has_data and string.sub(rest, 1, -2 - #extra_of(rest, its_flags)) or ''
  end
  local known, _, old_rest = version_of(old_flags), own_and_rest(before)
  if known ~= version_of(flags) and data_in(old_rest, old_flags) == data_in(ARGV[14], flags) then
    flags = at_version(flags, known)
  end
end
if planned_at or is_running then keep_flag(FLAG.expires) end
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
    end_run(id, name, old_flags, before, true)
    facts.nextRunAt = own_time(run, planned_at)
  else
    displace(id, name, planned_at, seq, old_priority, old_flags)
    mend()
  end
  hset(JOBS, id, record_of(created, at, seq, name_and_own))
  local among = put(facts, at, seq)
  if planned_at and among and has_own_end(flags) then
`, own_1, ownEnd_1, `    end_own_way(id, before, (facts.lastFinishedAt or facts.failedAt) and among)
  end
  if state or debounce or facts.failedAt or facts.failure or facts.failCount > 0 then hset(STATE, id, packed(facts)) end
end
return carry_out_all('updated')
`].join('');

export const scanJobs = [time_1, key_1, record_1, read_1, `local MOST_LOOKED, MOST_STEPS = 500, 100
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
`].join('');

export const setLimits = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, forget_1, gone_1, limits_1, `local SAVED, name = prefix .. 'saved', ARGV[7]
if tonumber(redis.call('ZSCORE', SAVED, ARGV[5]) or 0) > now then return { now_text } end
redis.call('PERSIST', META)
if ARGV[8] == '' then redis.call('HDEL', LIMITS, name) else redis.call('HSET', LIMITS, name, ARGV[8]) end
rebuild_gate(name, ARGV[9] == 'away')
redis.call('ZADD', SAVED, text(soon + ARGV[6]), ARGV[5])
forget(SAVED, 10)
return { now_text }
`].join('');

export const setPause = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, forget_1, gone_1, limits_1, tell_1, eventStream_1, tell_2, `local SAVED, name = prefix .. 'saved', ARGV[8]
if tonumber(redis.call('ZSCORE', SAVED, ARGV[5]) or 0) > now then return { now_text, '1' } end
redis.call('PERSIST', META)
local function pause_after(before)
  if ARGV[9] == '' then return nil end
  local pause = cjson.decode(ARGV[9])
  pause.at = before and tonumber(before.at) or now
  return pause
end
local function set_for_name()
  local gate = gates().gate_of(name) or {}
  local before = gate.paused
  gate.paused = pause_after(before)
  if before or gate.paused then apply_gate(name, gate) end
  return before
end
local function set_for_all()
  local before = in_use('paused')
  local pause = pause_after(before and read_limits(before))
  if pause then
    redis.call('HSET', META, 'paused', cjson.encode(pause))
  elseif before then
    redis.call('HDEL', META, 'paused')
    announce('', now)
  end
  return before
end
local before
if ARGV[7] == 'name' then before = set_for_name() else before = set_for_all() end
if before or ARGV[9] ~= '' then redis.call('ZADD', SAVED, text(soon + ARGV[6]), ARGV[5]) end
forget(SAVED, 10)
if ARGV[10] == '' and (ARGV[9] == '' and before or ARGV[9] ~= '' and not before) then
  tell(before and 'resumed' or 'paused', nil, ARGV[7] == 'name' and name or nil)
  tell_all()
end
return { now_text, before and '1' or '' }
`].join('');

export const settleAndClaim = [time_1, key_1, inUse_1, pass_1, gate_1, openings_1, rate_1, gates_1, gate_2, due_1, news_1, sleepers_1, news_2, `local claim_id, host, lease_ms, slots = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local gone_ms, settlements = tonumber(ARGV[9]), tonumber(ARGV[10])
local memory = prefix .. 'claim:' .. host .. ':' .. ARGV[11]
local rescues, last_starts_left = tonumber(ARGV[13]), tonumber(ARGV[14]) or math.huge
local asked_for, free = {}, {}
for i = 16 + settlements * 4, #ARGV, 2 do
  asked_for[#asked_for + 1] = ARGV[i]
  free[ARGV[i]] = tonumber(ARGV[i + 1])
end
local function or_empty(value)
  return value and text(value) or ''
end
local keeps_due = {}
local slots_kept = 0
local function until_due()
  if slots_kept > 0 then return '0' end
  if slots == 0 or in_use('paused') then return '' end
  local with_room, open, first = {}, {}, math.huge
  for _, name in ipairs(asked_for) do
    if free[name] > 0 then
      with_room[#with_room + 1] = name
      if keeps_due[name] then first = math.min(first, next_due(name) or math.huge) else open[#open + 1] = name end
    end
  end
  first = math.min(math.max(first - now, 0), due_in(open) or math.huge)
  if in_use('gated') then first = math.min(first, gates().opens_in(with_room) or math.huge) end
  return first < math.huge and text(first) or ''
end
local remembered = redis.call('GET', memory)
local last_id = remembered and string.match(remembered, '^%x+')
local is_repeat, is_lost = last_id == claim_id, last_id and ARGV[12] ~= '-' and last_id ~= ARGV[12]
local fence, watched, has_log, patience_ms
if is_repeat then
  watched = tonumber(redis.call('HGET', META, 'watchedUntil') or 0) > now and '1' or ''
else
  redis.call('DEL', memory)
  local _, last_fence, _, is_watched, was_logged, gone_kept_ms = pass(lease_ms)
  fence, watched, has_log, patience_ms = math.max(last_fence + 1, micros), is_watched and '1' or '', was_logged, gone_kept_ms
end
local due, due_since = {}, nil
local function stand_by()
`, standBy_1, `  return { rest = rest_in_group, leave = leave_both }
end
local function rest()
  if ARGV[15] == '' or slots == 0 and string.sub(ARGV[15], -1) == ' ' then return until_due(), '', {} end
  return stand_by().rest()
end
local answers, all_ok, expiry, jobs, ids = {}, true, soon + lease_ms, {}, {}
local expiry_text, held_by = text(expiry), '|' .. now_text .. '||' .. host .. '|||'
local function answer(is_held_back, expired)
  local due_in_ms, stands_by, noted = rest()
  local first_fence = text(fence)
  redis.call('HSET', META, 'lastPass', now_text, 'fence', ids[2] and text(fence + #ids - 1) or first_fence, unpack(noted))
  if #ids > 0 or settlements > 0 then
    local words = all_ok and '' or table.concat(answers, ' ')
    redis.call('SET', memory, claim_id .. '\\n' .. words .. '\\n' .. first_fence .. '\\n' .. table.concat(ids, '\\n'), 'PX', 2 * lease_ms + 60000)
  end
  return { now_text, all_ok and {} or answers, due_in_ms, or_empty(earliest_expiry()), first_fence, expiry_text, jobs, now_text, watched, stands_by, is_held_back, expired }
end
local may_be_plain = not is_repeat and not is_lost and not in_use('stream') and not in_use('lined')
local function has_gate(name)
  return in_use('gated') and redis.call('HEXISTS', prefix .. 'gates', name) == 1
end
if not is_repeat and in_use('gated') then gates().open_by_time() end
local is_settled = settlements == 0
if may_be_plain and not is_settled then
`, forget_1, plainSettlements_1, `  is_settled = settle_plainly(patience_ms, has_log)
end
local is_plain = is_settled and not is_repeat and not is_lost
if is_plain and slots > 0 then
  due, due_since = due_names(asked_for)
end
if is_plain and not due[1] then return answer() end
`, replySize_1, `local second_round
if is_plain and may_be_plain and not in_use('expiring') then
`, order_1, plainClaim_1, `  second_round = claim_plainly()
  if second_round == true then return answer() end
end
return (function()
`, order_1, writes_1, record_1, bringForward_1, place_1, keyLine_1, lines_1, place_2, giveUp_1, maxRescues_1, lastStart_1, tell_1, eventStream_1, tell_2, `local opened, later = {}, {}
local function advance_and_open()
  if not in_use('gated') then return advance() end
  if lines_tools then lines().refill() end
  for _, name in ipairs(in_order(freed)) do
    if gate_of(name) then
      local before = gates().claimable_from(name)
      local is_earlier, is_closed = reopen(name)
      if is_earlier then opened[name] = opened[name] or before end
      if is_closed and before <= now then later[name] = gates().claimable_from(name) end
    end
  end
  freed = {}
  advance()
end
local function tell_opened()
  for _, name in ipairs(in_order(opened)) do
    local at, before = gates().claimable_from(name), opened[name]
    if at < before and before > now then announce(name, at) end
  end
end
local function tell_later()
  if ARGV[3] == '' or tonumber(in_use('idle') or 0) <= now then return end
  for _, name in ipairs(in_order(later)) do
    local at = later[name]
    if at > now and at < math.huge then sleepers().tell_watchers(name, at, '', host) end
  end
end
if is_repeat or is_lost then
`, lastClaim_1, `  if is_repeat then
    if ARGV[15] ~= '' then stand_by().leave() end
    local answers, first_fence, expiry, jobs, claimed_at = same_again(remembered)
    return { now_text, answers, '0', or_empty(earliest_expiry()), first_fence, or_empty(expiry), jobs, claimed_at, watched }
  end
  take_back(remembered)
  advance_and_open()
end
if not is_settled then
`, read_1, remove_1, logKeys_1, log_1, remove_2, own_1, remove_3, forget_1, gone_1, refuse_1, settle_1, windowEnd_1, history_1, own_1, ownEnd_1, ending_1, settle_2, `  log_exists = has_log
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
    ids[i] = ARGV[12 + i * 4]
  end
  local entries, states = redis.call('HMGET', LEASE, unpack(ids)), redis.call('HMGET', STATE, unpack(ids))
  local first_expiry, young = earliest_expiry(), false
  for i = 1, settlements do
    local id, token, how, body = ids[i], ARGV[13 + i * 4], manner(ARGV[14 + i * 4]), ARGV[15 + i * 4]
    if seen[id] then
      flush()
      entries[i], states[i] = redis.call('HGET', LEASE, id), redis.call('HGET', STATE, id)
    end
    seen[id] = true
    local word = refusal(id, entries[i], token, first_expiry, how.late)
    if not word then
      word = settle(id, how.kind, how.argument, body, entries[i], states[i], gone_ms)
      young = young or how.kind == 'removed' or how.kind == 'bury' and how.argument ~= ''
    elseif word == 'not-running' and ended_already(id, how.kind) then
      word = nil
    end
    answers[i] = word or 'ok'
    all_ok = all_ok and not word
  end
  flush()
  if young then forget_gone(2 * settlements) end
  advance_and_open()
end
`, claim_1, takeReady_1, `local last_starts = {}
local function may_come(name, id, state)
  if not is_last_start(name, state, rescues) then return true end
  if last_starts_left == 0 and passed_in_all < MOST_PASSED then return false end
  last_starts_left = math.max(last_starts_left - 1, 0)
  last_starts[id] = true
  return true
end
local function take(id, record, state, name)
  local n = #ids + 1
  ids[n] = id
  hset(LEASE, id, claim_id .. ':' .. n .. '|' .. text(fence + n - 1) .. held_by .. name)
  zadd(LEASES, expiry_text, id)
  zadd(index('running', name), now_text, id)
  local last = #jobs
  local number = last_starts[id] and n .. '!' or n
  jobs[last + 1], jobs[last + 2], jobs[last + 3], jobs[last + 4] = number, id, record, with_progress(id, state)
  if in_use('stream') then tell('started', id, name, event_stream().attempts_in(state) + 1, host) end
end
local function take_some(name, most)
  local gate = gate_of(name)
  local want = math.min(most, free[name], slots, gate and gates().room_of(name) or math.huge)
  if want <= 0 then return false end
  local got = take_ready(name, want, may_come, take)
  slots, free[name] = slots - got, free[name] - got
  if gate then gates().note_starts_of(name, got) end
  return got == want and free[name] > 0
end
local expired
if slots > 0 then
  if not is_plain then
    due, due_since = due_names(asked_for)
  end
  if in_use('expiring') and due[1] then
`, read_1, own_1, ownEnd_1, history_1, expiry_1, `    local MOST = 20
    expired, bury_if_expired = buried, expire_if_over
    if bury_expired(MOST) and slots > MOST then
      slots, slots_kept = MOST, slots - MOST
    end
  end
  local share, full = math.max(math.floor(slots / math.max(#due, 1)), 1), second_round or {}
  for _, name in ipairs(second_round and {} or due) do
    if take_some(name, share) then full[#full + 1] = name end
  end
  for _, name in ipairs(full) do
    take_some(name, math.huge)
  end
  for _, name in ipairs(due) do
    local has_receded, head = false, nil
    if promoted[name] then
      has_receded, head = recede(name)
      if not has_receded then
        keeps_due[name] = keeps_all(name)
        mark_due(name, due_since[name], keeps_due[name])
      end
    end
    local _, is_closed = reopen(name)
    if is_closed then keeps_due[name], head = nil, gates().claimable_from(name) end
    later[name] = head
  end
end
if next(opened) then tell_opened() end
if next(later) then tell_later() end
if in_use('stream') then event_stream().tell_emptied() end
tell_all()
return answer(passed_any() and '1' or expired and '' or nil, expired)
end)()
`].join('');

export const updateJob = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, giveUp_1, forget_1, gone_1, read_1, version_1, extra_1, newData_1, move_1, `redis.call('PERSIST', META)
local SAVED, id = prefix .. 'saved', ARGV[7]
local record, state, entry = redis.call('HGET', JOBS, id), redis.call('HGET', STATE, id), redis.call('HGET', LEASE, id)
local function done_as(word)
  return ARGV[5] .. ':' .. word
end
for _, word in ipairs({ 'ok', 'kept-for-next' }) do
  if tonumber(redis.call('ZSCORE', SAVED, done_as(word)) or 0) > now then return { now_text, word } end
end
if not record or not is_legible(record) then return { now_text, 'not-found' } end
local name, facts = name_of(record), happened(state)
local asked_at, seq, old_priority, old_flags = asked(record)
local planned_at = planned(asked_at, facts)
local token, fence, locked_at, _, host, _, run, progress = holder(entry or '')
local was_claimed = run and string.sub(run, 1, 1) == 'c'
local is_running = entry and not was_claimed
if was_claimed then planned_at = own_time(run, planned_at) end
if not is_running and not planned_at then return { now_text, 'ended' } end
local function rewritten()
  local changed = record
  if ARGV[9] ~= '=' then changed = string.gsub(changed, '^(%[%d+,[^,]+,%d+,)[^,]+', '%1' .. ARGV[9], 1) end
  if ARGV[10] ~= '=' then changed = with_data(changed, old_flags, ARGV[10], tonumber(ARGV[12])) end
  return record_by(changed, ARGV[11])
end
local changed = rewritten()
if changed ~= record then hset(JOBS, id, changed) end
if is_running then
  if token and ARGV[8] ~= '=' then
    hset(LEASE, id, lease_entry(token, fence, locked_at, text(instant(ARGV[8])), host, name, run, progress))
  end
else
  local _, _, priority, flags = asked(changed)
  local at = ARGV[8] == '=' and planned_at or instant(ARGV[8])
  if was_claimed then
    give_up(id, name)
    end_run(id, name, flags, record, true)
  else
    displace(id, name, planned_at, seq, old_priority, old_flags)
  end
  if at ~= planned_at then move(facts, flags, planned_at, at) end
  place(id, name, at, seq, priority, flags, facts, changed)
  if at ~= planned_at or was_claimed and state then
    facts.nextRunAt = at
    hset(STATE, id, packed(facts))
  end
end
local word = is_running and 'kept-for-next' or 'ok'
zadd(SAVED, text(soon + ARGV[6]), done_as(word))
flush()
forget(SAVED, 10)
advance()
return { now_text, word }
`].join('');

export const watchStates = [time_1, key_1, `redis.call('PERSIST', META)
local watched_until = soon + tonumber(ARGV[3])
if watched_until > tonumber(redis.call('HGET', META, 'watchedUntil') or 0) then
  redis.call('HSET', META, 'watchedUntil', text(watched_until))
end
return { now_text }
`].join('');

export const writeLog = [time_1, key_1, writes_1, read_1, logKeys_1, log_1, `local writer = prefix .. 'logs:writer:' .. ARGV[3]
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
`].join('');

export const writeRow = [time_1, key_1, order_1, writes_1, record_1, inUse_1, gate_1, openings_1, rate_1, gates_1, gate_2, news_1, sleepers_1, news_2, bringForward_1, place_1, keyLine_1, lines_1, place_2, lease_1, giveUp_1, windowEnd_1, refuse_1, forget_1, gone_1, tell_1, eventStream_1, tell_2, `local id, token, locked_at, next_at = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
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
local function write_facts()
  local failed_at = tonumber(ARGV[11])
  if not is_same_failure(failed_at) then facts.failure = ARGV[13] ~= '' and ARGV[13] or nil end
  facts.lastRunAt, facts.lastFinishedAt, facts.failedAt = tonumber(ARGV[9]), tonumber(ARGV[10]), failed_at
  facts.failCount = tonumber(ARGV[12])
end
local function tell_progress()
  if ARGV[14] == '' then return end
  if facts.progress == true then hdel(PROGRESS, id) end
  facts.progress = tonumber(ARGV[14])
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
  if among and among ~= ended_among and has_own_end(flags) then
`, own_1, ownEnd_1, `    end_own_way(id, record, among)
  end
end
local function keep()
  local new_run = run
  if string.sub(run, 1, 1) == 'c' then
    local own_at = own_time(run, planned_at)
    new_run = 's' .. (own_at and text(own_at) or '')
    redis.call('DEL', prefix .. 'handed:' .. string.match(token, '^[^:]*'))
    begin()
    tell('started', id, name, facts.attempt + 1, host)
  end
  write_facts()
  facts.nextRunAt = next_at
  prolong(new_run)
end
local function tell_end(attempt)
  if not has_failed() then
    tell('completed', id, name, attempt, host, nil, facts.nextRunAt)
    return
  end
  tell('failed', id, name, attempt, host)
  tell(facts.nextRunAt and 'retrying' or 'dead', id, name, attempt, host, nil, facts.nextRunAt)
end
local function close()
  local attempt = facts.attempt + 1
  give_up(id, name)
  if string.sub(run, 1, 1) == 'c' then begin() end
  write_facts()
  if not has_failed() then
    if state then hdel(RESULTS, id) end
    if next_at then begin_anew(facts) end
  end
  if has_failed() or not next_at then facts.attempt = facts.attempt + 1 end
  end_run(id, name, flags, record, has_failed() and next_at ~= nil)
  settle_at(next_at)
  facts.occurrenceAt = nil
  tell_end(attempt)
end
local function write_unheld()
  local ended_among = not entry and not planned_at and (has_failed() and 'dead' or 'completed')
  if entry then
    give_up(id, name)
    end_run(id, name, flags, record)
  else
    displace(id, name, planned_at, seq, priority, flags)
  end
  if tonumber(ARGV[9]) ~= facts.lastRunAt then begin() end
  write_facts()
  if not locked_at then return settle_at(next_at, ended_among) end
  facts.nextRunAt = next_at
  lock_plainly(id, name, locked_at, pending or '')
  begin_run(id, name, flags, record)
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
tell_all()
return { now_text, 'ok' }
`].join('');
