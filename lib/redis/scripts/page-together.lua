-- page-together
-- Tells a page of the names that are held together.
--
-- KEYS[1]  jobs  hash  {p}jobs
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the keys of no partition
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  cursor; '0' at first
--
-- Returns  { now, cursor of the next page ('0' behind the last), and each name; a name may come twice }
-- @include time
-- @include key
local next_cursor, names = unpack(redis.call('SSCAN', prefix .. 'together', ARGV[3], 'COUNT', 500))
return { now_text, next_cursor, unpack(names) }
