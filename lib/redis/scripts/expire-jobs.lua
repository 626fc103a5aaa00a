-- expire-jobs
-- Buries jobs that have not started before they expired, those that did so first. Its first write is of a kind
-- that Redis allows when its memory is full.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  expiring
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  the most jobs to look at
--
-- Returns  { now, '1' when others are left else empty, and for each that was buried: id, name }
-- @include time
-- @include key
-- @include in-use
if not in_use('expiring') then return { now_text, '' } end
redis.call('PERSIST', META)
-- @include order
-- @include writes
-- @include record
-- @include place
-- @include expiry
local has_more = bury_expired(tonumber(ARGV[5]))
tell_all()
return { now_text, has_more and '1' or '', unpack(buried) }
