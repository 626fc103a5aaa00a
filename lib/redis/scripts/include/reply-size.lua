-- reply-size
-- How many jobs a call hands out: until their records make about 1 MiB.
local MAX_BYTES, FIRST_READ = 1048576, 4
local bytes, read = 0, 0

-- How many records to read next: few at first, then as many as the room left promises to hold.
local function next_read(left)
  if read == 0 then return math.min(left, FIRST_READ) end
  return math.min(left, math.max(math.floor((MAX_BYTES - bytes) * read / math.max(bytes, 1)), 1))
end
