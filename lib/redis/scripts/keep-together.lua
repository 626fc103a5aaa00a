-- keep-together
-- Notes that names are held together, or no longer are. Its first write is of a kind that Redis allows when its
-- memory is full: a worker that starts then makes room.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the keys of no partition
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  'held' | 'free'
-- ARGV[4..]  names
--
-- Returns  { now }
-- @include time
-- @include key
redis.call('PERSIST', META)
for i = 4, #ARGV do
  redis.call(ARGV[3] == 'held' and 'SADD' or 'SREM', prefix .. 'together', ARGV[i])
end
return { now_text }
