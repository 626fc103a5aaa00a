-- plain-adds
-- Adds jobs of which nothing but time and priority has to be thought of, under ids that are free: most calls bring no
-- others. The same as `place` and `advance` bring about, in few words.
-- Expects what enqueue-jobs knows of its jobs: `count`, `first`, `ids`, `taken`, `seq`, `kinds`. ARGV[3]: news channel, empty for none.
-- @include time, key, order
-- @include news
-- @include bring-forward
local FIRST_RARE_FLAG, DISABLED_AND_RECURRING = 128, 4

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
