-- page-gates
-- What holds names back: a page of the names that have a gate. Between pages a name may come twice.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  paused
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  where to go on; '0' to begin
--
-- Returns  { now, where to go on ('0' at the end), pause of everything as JSON or empty,
--            and for each name: name, gate, settings or empty, limits set by hand or empty }
-- @include time
-- @include key
local PAGE = 100
local page = redis.call('HSCAN', prefix .. 'gates', ARGV[3], 'COUNT', PAGE)
local reply, entries = { now_text, page[1], redis.call('HGET', META, 'paused') or '' }, page[2]
for i = 1, #entries, 2 do
  local name = entries[i]
  reply[#reply + 1], reply[#reply + 2] = name, entries[i + 1]
  reply[#reply + 1] = redis.call('HGET', prefix .. 'settings', name) or ''
  reply[#reply + 1] = redis.call('HGET', prefix .. 'limits', name) or ''
end
return reply
