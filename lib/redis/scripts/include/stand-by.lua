-- stand-by
-- Whether the host of a claim stands by from now on (see WAKE-UPS in keys.ts).
-- Expects ARGV[15]: its group, for how long it counts in ms, and the group in which it stands by as yet, if any;
-- ARGV[16..]: see settle-and-claim; `asked_for`, `free`: the names there, and what is left of their free slots.
-- @include time, key, news
local REGISTERED_MS = 600000
local group, for_ms, was = string.match(ARGV[15], '^(%S+) (%d+) (%S*)$')
for_ms = tonumber(for_ms)

-- Stands by in a group no longer. Whoever watched hands that on, and so does who was woken to do so.
local function leave(left)
  redis.call('ZREM', sleepers().idle(left), host)
  redis.call('ZREM', sleepers().watch(left), host)
  sleepers().hand_on(left)
end

-- The names lead to the group for a while.
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

-- Who watches for the group besides this host, whether it does so itself, and until when names lead to the group.
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

-- Stands by. Tells whether it watches, too: of those that `may_watch` two do so.
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
  -- Nobody stands by for longer than names lead to the group.
  if is_due or is_new then redis.call('PEXPIRE', idle, text(2 * (registered - now))) end
  return watches
end

-- Of the names asked for those that the claim leaves due to others. What was left before because it is on its last
-- start (see take-ready) is no news.
local function left_due()
  local left, names, since = {}, due_names(asked_for)
  for _, name in ipairs(names) do
    local before = due_since and due_since[name]
    local is_kept = since[name] % 1 > 0 and not (before and before % 1 == 0)
    if not is_kept then left[#left + 1] = name end
  end
  return left
end

-- See `rest` of the claim.
local function rest_in_group()
  -- Who has room for some names only does not watch: it would not come for the others.
  local has_room, has_all = false, true
  for _, name in ipairs(asked_for) do
    local is_free = slots > 0 and free[name] > 0
    has_room, has_all = has_room or is_free, has_all and is_free
  end
  -- When nothing is due only who watches has to know what comes next.
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
