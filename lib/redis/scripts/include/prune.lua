-- prune
-- Removes jobs that have ended, from the old end of their index, with all that belongs to them. Recurring
-- ones stay, and so does what was saved without a time and never ran, which stands among the completed.
-- A producer that repeats its add does not bring a job back.
-- Expects ARGV[3]: how long removed ids stay known, in ms.
-- @include time, key, writes, record, remove, gone, read
-- @include recurs
-- @include tell
local gone_ms, bytes_read = tonumber(ARGV[3]), 0

-- How many jobs one call takes: a log to drop makes each of them several times as dear.
local MOST_WITH_LOG = 50
local function affordable(most)
  log_exists = redis.call('HEXISTS', META, 'logSeq') == 1
  return log_exists and math.min(most, MOST_WITH_LOG) or most
end

-- Nothing is planned, and there was an end.
local function has_ended(state)
  if not state or not string.find(state, '^%[null,') then return false end
  if string.find(state, '^%[null,[^,]*,%d') then return true end
  return happened(state).failedAt ~= nil
end

local function flags_of(record)
  return tonumber(string.match(record, '^%[%d+,[^,]+,%d+,[^,]+,(%d+),'))
end

-- Whether an ended job may go at all. One that cannot be read, and has no flags, may: it stands among the dead.
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

-- Goes through an index of ended jobs from the rank `first` on, at most so many, and removes those that
-- may go unless `stays(record, flags)`; events say `why`. Of large jobs it does about 1 MiB. Returns how many it has looked at
-- and how many of those stayed, the last of them, and the ids that are gone.
local function sweep(name, place_name, first, most, stays, why)
  -- An end before the beginning would count from the other side.
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

-- After the flush.
local function forget_as_many(removed)
  if removed > 0 then forget_gone(2 * removed) end
end

-- How many of an index ended that long ago.
local function older_than(name, place_name, age_ms)
  return redis.call('ZCOUNT', index(place_name, name), '-inf', text(now - age_ms))
end
