-- output-line
-- What a line of `output` tells of itself. Beside it, so that who only reads lines has nothing that writes.
local function line_parts(entry)
  local number, bytes, fence, own, line = string.match(entry, '^(%d+) (%d+) (%d+):(%d+) (.*)$')
  return tonumber(number), tonumber(bytes), fence, tonumber(own), line
end
