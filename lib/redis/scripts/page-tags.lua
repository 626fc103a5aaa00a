-- page-tags
-- Goes on through the jobs that have all of some tags, in the order of insertion: along the tag that fewest
-- have. Looks at so many of these, and answers ids alone.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  insertion number behind which to go on; 0 to begin
-- ARGV[4]  how many to look at
-- ARGV[5..]  tags, 16 at most
--
-- Returns  { now, where to go on, empty when that is all, ids … }
-- @include time
-- @include key
local most, tags = tonumber(ARGV[4]), {}
for i = 5, #ARGV do
  local of_tag = prefix .. 'tag:' .. ARGV[i]
  tags[#tags + 1] = { key = of_tag, size = redis.call('ZCARD', of_tag) }
end
table.sort(tags, function(one, other) return one.size < other.size end)

local function has_others(id)
  for i = 2, #tags do
    if not redis.call('ZSCORE', tags[i].key, id) then return false end
  end
  return true
end

local found = redis.call('ZRANGEBYSCORE', tags[1].key, '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, most)
local looked, reply = #found / 2, { now_text, '' }
for i = 1, #found, 2 do
  if has_others(found[i]) then reply[#reply + 1] = found[i] end
end
if looked == most then reply[2] = found[#found] end
return reply
