-- window
-- Debounce windows: many saves, one run. A trailing one is open until a run begins; once it is overdue
-- no further save puts the run off. A leading one is open until its end, whatever runs.
-- @include time, record, lease
-- @include window-end

-- Forgets a window that is no longer open. `run` and `locked_at` are those of the lease; nil without one.
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

-- When a job runs that is saved with this debounce; `next_at` is when it would run, `given` the time that
-- the save brings. A window of the other strategy means nothing.
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
