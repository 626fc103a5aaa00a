-- examine-jobs
-- Looks whether all that is stored of jobs agrees with their records, each judged alone at one instant, and mends what
-- does not, if that is asked for. A look writes nothing; the first write of a repair is of a kind that Redis allows
-- when its memory is full. Of large jobs it does about 1 MiB.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  seq, fence, longestLease, lined, expiring
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  news channel; empty for none
-- ARGV[4]  head of a message
-- ARGV[5]  'look' | 'repair'
-- ARGV[6]  rescues allowed where a name has no settings
-- ARGV[7..]  for each job, 100 at most: id, and what readers of JSON have seen: 'illegible' and a digest, or 'flags', a
--            digest and the right flags; empty for nothing
--
-- Returns  { now, how many were looked at, and for each finding: code, subject, detail, 'mended' | 'mendable' | 'left' }
--          fewer are looked at than asked for, one at least, when the jobs are large: ask again for the rest
-- @include time
-- @include key
-- @include order
-- @step
-- @include writes
-- @include record
-- @include place
-- @include examine
-- @include judge-job
local ids = {}
for i = 7, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
end
looked_at(read_some(ids, { JOBS, STATE, LEASE }, function(i, id, record, state, entry)
  judge_job(id, record, state, entry, ARGV[6 + 2 * i])
end))
flush()
advance()
tell_all()
return reply
