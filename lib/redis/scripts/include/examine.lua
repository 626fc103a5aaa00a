-- examine
-- What a look at a store finds; each finding is mended at once, by the rules of all other scripts, if that is asked for
-- and can be done without a loss.
-- Expects ARGV[5]: 'repair' to mend what is found; 'look' to tell it only.
-- @include time, key, writes
local repairs, reply = ARGV[5] == 'repair', { now_text, '0' }
if repairs then redis.call('PERSIST', META) end
-- How a member of an index of the log looks: somebody else may have a log of his own there.
local LOG_ENTRY = '^%x%x%x%x%x%x%x%x%x%x%x%x%l%l$'

-- Tells a finding: what it is, of whom, and what was seen. `mend`: what puts it right; nil where nothing does.
-- True when it was mended: what was read before counts no longer.
local function found(code, subject, detail, mend)
  local is_mended = repairs and mend ~= nil
  if is_mended then
    mend()
    flush()
  end
  for _, part in ipairs({ code, subject, detail, is_mended and 'mended' or mend and 'mendable' or 'left' }) do
    reply[#reply + 1] = part
  end
  return is_mended
end

-- How many of what was given were looked at.
local function looked_at(count)
  reply[2] = tostring(count)
end
