-- clean-jobs
-- Removes the oldest jobs of a name that ended at least so long ago, whatever their retention; recurring
-- ones stay. Its first write is of a kind that Redis allows when its memory is full: cleaning makes room.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  goneMs, logSeq
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  how long removed ids stay known, in ms
-- ARGV[4]  name
-- ARGV[5]  'completed' | 'dead'
-- ARGV[6]  how long ago they must have ended, in ms
-- ARGV[7]  the most jobs to look at
-- ARGV[8]  how many at the old end of the index stay
--
-- Returns  { now, how many stay at the old end, '1' when others may follow else empty, '1' when their log is not
--            yet dropped whole else empty, and the ids that are gone … }
-- @include time
-- @include key
-- @include writes
-- @include record
-- @include remove
-- @include gone
-- @include read
-- @include prune
redis.call('PERSIST', META)
local name, place_name, first = ARGV[4], ARGV[5], tonumber(ARGV[8])
local past = older_than(name, place_name, tonumber(ARGV[6]))
local looked, kept, _, gone = sweep(name, place_name, first, math.min(past - first, affordable(tonumber(ARGV[7]))), function()
  return false
end, 'clean')
flush()
tell_all()
forget_as_many(#gone)
local log_is_left = log_exists and redis.call('EXISTS', prefix .. 'logs:leaving') == 1
return { now_text, text(first + kept), first + looked < past and '1' or '', log_is_left and '1' or '', unpack(gone) }
