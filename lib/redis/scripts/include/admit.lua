-- admit
-- What is looked at and noted when a job is added: whether its name takes another one, its tags, its expiry.
-- @include time, key, writes, record
-- @include gate
-- @include own
local caps = {}

-- How many jobs of a name wait, whatever for.
local function waiting(name)
  local count = 0
  for _, place_name in ipairs({ 'ready', 'timed', 'lined', 'parked' }) do
    count = count + redis.call('ZCARD', index(place_name, name))
  end
  return count
end

-- Of a name that is limited how many of its jobs may wait (most), and how many do (queued), and whether all of them
-- live in another partition (is_away), so that none is added here; nil of others.
local function cap_of(name)
  if caps[name] == nil then
    local gate = gate_of(name)
    local most = gate and tonumber(gate.maxQueued)
    local is_away = gate and gate.away ~= nil
    caps[name] = (most or is_away) and { most = most or math.huge, queued = most and waiting(name) or 0, is_away = is_away } or false
  end
  return caps[name] or nil
end

-- An expiry that came as a delay counts from now: it stands first of what belongs to the job, but for a nonce.
-- `rest`: a record from its name on.
local function with_expiry(rest)
  return (string.gsub(rest, '^("[^"]*",{[^,{]*,?"expires":)"%+(%d+)"', function(head, ms)
    return head .. text(soon + ms)
  end))
end

-- Before the flush. Cheap for a job that has neither tags nor an expiry.
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
