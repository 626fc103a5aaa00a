-- gate
-- What holds names back, made ready only in a call that needs it: `gates()` has all that can be done about
-- it, also with rates and keys. `gate_of` and `reopen` cost nothing as long as no name of the store has a gate.
-- @include time, key
-- @include in-use
local gate_tools, gate_of

local function gates()
  if not gate_tools then
    -- @include openings
    -- @include gates
    gate_tools = {
      gate_of = gate_of, keep_gate = keep_gate, room_of = room_of, claimable_from = claimable_from, reopen = reopen,
      stop_name = stop_name, note_starts_of = note_starts_of, open_by_time = open_by_time, opens_in = opens_in,
      permitted = permitted, note_starts = note_starts, keys_to_open = keys_that_open, number_of_limits = number_of,
      next_due = next_due_of,
    }
  end
  return gate_tools
end

-- The gate of a name: paused, concurrency, rate, key, maxQueued, until, away; nil when it has none.
function gate_of(name)
  return in_use('gated') and gates().gate_of(name) or nil
end

-- Closes or opens a name, as its gate says by now, and its jobs that wait. Answers, if claims get its jobs
-- earlier than before, from when on: that is to be announced; and whether it is closed now.
local function reopen(name)
  if gate_of(name) then return gates().reopen(name) end
end

-- When the next job of a name is due that does not stand in `ready` yet, or may step up; nil when there is none.
local function next_due(name)
  if in_use('lined') then return gates().next_due(name) end
  return tonumber(redis.call('ZRANGE', index('timed', name), 0, 0, 'WITHSCORES')[2])
end
