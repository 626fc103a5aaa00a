-- read
-- Reads many jobs a few at a time and stops when they make about 1 MiB, so that no call holds Redis
-- up for long, however large its jobs are.
-- @include time, key
local FIRST_STEP, LARGEST_STEP, READ_BYTES = 4, 16, 1048576

-- Calls `each(i, id, columns…)` for as many of the ids as there is room for, one at least: a column
-- for each of the hashes, false where it has none. Returns how many ids that were.
local function read_some(ids, hashes, each)
  local bytes, done, step = 0, 0, FIRST_STEP
  while done < #ids and bytes < READ_BYTES do
    local last, columns = math.min(done + step, #ids), {}
    for n, hash in ipairs(hashes) do
      columns[n] = redis.call('HMGET', hash, unpack(ids, done + 1, last))
    end
    for i = done + 1, last do
      local row = {}
      for n = 1, #hashes do
        row[n] = columns[n][i - done]
        bytes = bytes + (row[n] and #row[n] or 0)
      end
      each(i, ids[i], unpack(row, 1, #hashes))
    end
    done = last
    step = math.max(math.min(math.floor((READ_BYTES - bytes) * done / math.max(bytes, 1)), LARGEST_STEP), 1)
  end
  return done
end
