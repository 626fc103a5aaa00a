-- list-hosts
-- Reads the hosts that are alive, by their ids, a page of them.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  for how long a host counts as alive that says nothing, in ms
-- ARGV[4]  how many of them to pass over
-- ARGV[5]  the most to read
--
-- Returns  { now, and for each of them: when it was heard of last, what it told of itself … }
-- @include time
-- @include key
local since = '(' .. text(now - tonumber(ARGV[3]))
local found = redis.call('ZRANGEBYSCORE', prefix .. 'hosts', since, '+inf', 'WITHSCORES', 'LIMIT', ARGV[4], ARGV[5])
local hosts, reply = {}, { now_text }
for i = 1, #found, 2 do
  hosts[#hosts + 1] = found[i]
end
if not hosts[1] then return reply end
for i, told in ipairs(redis.call('HMGET', prefix .. 'hosts:told', unpack(hosts))) do
  reply[#reply + 1] = found[2 * i]
  reply[#reply + 1] = told or ''
end
return reply
