-- tell
-- What happened is told in the durable stream of events, as long as that is kept (`meta.stream`): it is made ready only
-- then, and else nothing is told.
-- @include time, key
-- @include in-use
local stream_tools
local function event_stream()
  if not stream_tools then
    -- @include event-stream
    stream_tools = {
      tell = tell_event, tell_all = tell_all_events, attempts_in = attempts_in, drop_old = drop_old_events, note_end = note_end,
      tell_emptied = tell_emptied,
    }
  end
  return stream_tools
end

-- What does not apply is nil.
local function tell(...)
  if in_use('stream') then event_stream().tell(...) end
end

-- The last step of a call.
local function tell_all()
  if in_use('stream') then event_stream().tell_all() end
end
