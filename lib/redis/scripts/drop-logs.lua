-- drop-logs
-- Goes on with the logs of removed jobs that earlier calls could not drop whole.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
--
-- Returns  { now, '1' if some are left else empty }
-- @include time
-- @include key
-- @include writes
-- @include log
drop_leaving()
flush()
return { now_text, redis.call('EXISTS', LEAVING) == 1 and '1' or '' }
