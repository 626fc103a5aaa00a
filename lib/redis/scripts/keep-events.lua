-- keep-events
-- Switches the durable stream of events on, or off, with which all of it goes. The last caller's bounds count.
-- Each time it is switched on a number is left out, by which a reader sees that it has missed something. Its
-- first write is of a kind that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  stream, eventSeq, eventBytes, eventsDropped, eventBytesDropped, oldestEventAt
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  bounds as JSON; empty to switch it off
--
-- Returns  { now }
-- @include time
-- @include key
redis.call('PERSIST', META)
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
