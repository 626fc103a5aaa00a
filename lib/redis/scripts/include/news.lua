-- news
-- What is told of names, and to whom (see WAKE-UPS in keys.ts): on the channel itself what concerns everybody, on
-- `:names` what becomes of each name, and on `:host:{host}` what wakes a host that stands by. News may be lost: a user
-- who may not publish hears no error after the jobs were written.
-- Expects ARGV[3]: news channel, empty for none. ARGV[4]: the head of a message, JSON without its end.
-- @include time, key
-- @include in-use

-- `about`: what is told besides, as JSON with a comma in front.
local function publish(channel, name, at, about)
  redis.pcall('PUBLISH', ARGV[3] .. channel, ARGV[4] .. about .. ',"jobName":' .. cjson.encode(name) .. ',"nextRunAt":' .. text(at) .. ',"timestamp":' .. now_text .. '}')
end

-- The hosts that stand by, made ready only where one of them may be told.
local sleepers_tools
local function sleepers()
  if not sleepers_tools then
    -- @include sleepers
    sleepers_tools = { wake = wake, tell_watchers = tell_watchers, hand_on = hand_on, idle = idle_of, watch = watch_of }
  end
  return sleepers_tools
end

-- A name is claimable from then on: of the hosts that stand by two are to come at once, or those that watch are to
-- come then. Without a name: everything may be.
local function tell_of_name(name, at, about)
  if name == '' then return publish('', name, at, about) end
  publish(':names', name, at, about)
  if tonumber(in_use('idle') or 0) <= now then return end
  if at <= now then sleepers().wake({ name }, at, about) else sleepers().tell_watchers(name, at, about) end
end
