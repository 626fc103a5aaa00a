-- lease
-- What becomes of leases. One of the broker is the run itself; a row is handed out first and begins to
-- run later, and until then nothing is lost when it goes back.
-- @include time, key, writes, record

-- A lock that came with a row: it has no expiry, and falls to age alone.
local function lock_plainly(id, name, locked_at, pending)
  locked_at = text(math.max(locked_at, 0))
  hset(LEASE, id, lease_entry('', '0', locked_at, pending, '', name, 'l', ''))
  zadd(index('running', name), locked_at, id)
end

local function has_begun(run)
  return run == '' or string.sub(run, 1, 1) == 's'
end

-- The time that the present run was planned for, and that a row goes back to. What the holder of a row
-- has written since is that of a later run. nil: it had none.
local function own_time(run, planned_at)
  local kept = string.match(run, '^[cs](%-?%d+)$')
  if kept then return tonumber(kept) end
  if run ~= 's' then return planned_at end
end

-- The earlier of two times, of which each may be missing.
local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end
