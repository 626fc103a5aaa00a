-- read-output
-- The lines that handlers of a job have logged, as far as they are kept, a page of them.
--
-- KEYS[1]  jobs  hash  {p}jobs  id → what was asked
-- KEYS[2]  meta  hash  {p}meta
-- ARGV[1]  prefix of the partition's keys
-- ARGV[2]  order of claims in two letters, then time in ms; no time for the server's clock
-- ARGV[3]  id
-- ARGV[4]  the most lines, 1000 at most
-- ARGV[5]  number of the line that the page begins behind; empty for none
-- ARGV[6]  'newest' to go from the newest line to older ones; else empty
--
-- Returns  { now } when there is no such job; else { now, '1' if more lines follow else empty, and for each line:
--          its number, the line … }
-- @include time
-- @include key
-- @include output-line
local id, most, behind, is_backwards = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == 'newest'
if redis.call('HEXISTS', JOBS, id) == 0 then return { now_text } end

-- Where a stranger has put something else in its place there are no lines.
local entries = redis.pcall('LRANGE', prefix .. 'output:' .. id, 0, -1)
local reply, count = { now_text, '' }, 0
local first, last, step = 1, #entries, 1
if is_backwards then
  first, last, step = #entries, 1, -1
end
for i = first, last, step do
  local number, _, _, _, line = line_parts(entries[i])
  if number and (not behind or (number - behind) * step > 0) then
    if count == most then
      reply[2] = '1'
      break
    end
    count = count + 1
    reply[#reply + 1], reply[#reply + 2] = text(number), line
  end
end
return reply
