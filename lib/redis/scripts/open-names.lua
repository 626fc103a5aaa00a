-- open-names
-- Works out anew from when on names are claimable, as their jobs and their gates say. Nobody hears of it.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta  gated, lined
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3..]  names, 100 at most
--
-- Returns  { now }
-- @include time
-- @include key
-- @include gate
for i = 3, #ARGV do
  gates().reopen(ARGV[i])
end
return { now_text }
