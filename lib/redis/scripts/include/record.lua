-- record
-- The numbers at the head of packed records. What follows them is never decoded.
-- Layouts: see keys.ts. Of a record that a stranger has damaged the readers here answer nil, and never
-- raise: one bad record must not stop the work on the others. @include time, key

local function number_or_nil(part)
  if part ~= 'null' then return tonumber(part) end
end

-- What was asked: at (planned time as asked, or nil), seq, priority, flags; nothing when the head is damaged.
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end

-- The name of a job, or nil. Quotes and backslashes in names are written as \u escapes, so the text ends at the next quote.
local function name_of(spec)
  local quoted = string.match(spec, '^%[[^"]*("[^"]*")')
  if not quoted then return end
  if not string.find(quoted, '\\', 1, true) then return string.sub(quoted, 2, -2) end
  local ok, decoded = pcall(cjson.decode, '[' .. quoted .. ']')
  return ok and decoded[1] or nil
end

local function is_legible(spec)
  local _, seq = asked(spec)
  return seq ~= nil and name_of(spec) ~= nil
end

-- The parts behind the numbers: what belongs to the job itself (nonce, keys; '0' for nothing), and
-- what the user asked (data, extra), which ends the record.
local function own_and_rest(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', '' end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, string.sub(spec, name_end + #own + 3)
end

-- What belongs to the job itself, signed by who wrote last: behind the nonce stands `by`, JSON text
-- without inner quotes or braces; empty for nobody.
local function signed(own, by)
  local inner = own == '0' and '' or string.sub(own, 2, -2)
  local nonce = string.match(inner, '^"nonce":"%x+"') or ''
  local rest = string.gsub(string.gsub(string.sub(inner, #nonce + 1), '^,', ''), '^"by":"[^"]*",?', '')
  local parts = {}
  for _, part in ipairs({ nonce, by == '' and '' or '"by":' .. by, rest }) do
    if part ~= '' then parts[#parts + 1] = part end
  end
  return #parts == 0 and '0' or '{' .. table.concat(parts, ',') .. '}'
end

-- The record, signed; as it is when that changes nothing.
local function record_by(spec, by)
  if by == '' then return spec end
  local own, rest = own_and_rest(spec)
  local signed_own = signed(own, by)
  if signed_own == own then return spec end
  return string.sub(spec, 1, #spec - #rest - #own - 1) .. signed_own .. ',' .. rest
end

local function count(part)
  return part and tonumber(part) or 0
end

-- What happened, as a table; `state` may be false: nothing yet.
local function happened(state)
  local facts = { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0 }
  if not state then return facts end
  local brace = string.find(state, '{', 1, true)
  if brace then facts.failure = string.sub(state, brace, -2) end
  local parts, n = {}, 0
  for part in string.gmatch(string.sub(state, 2, (brace or 0) - 1), '[^,%]]+') do
    n = n + 1
    parts[n] = part
  end
  facts.known = true
  facts.nextRunAt = number_or_nil(parts[1])
  facts.lastRunAt = number_or_nil(parts[2] or 'null')
  facts.lastFinishedAt = number_or_nil(parts[3] or 'null')
  facts.attempt = count(parts[4])
  facts.failCount = count(parts[5])
  facts.failedAt = number_or_nil(parts[6] or 'null')
  facts.rescueCount = count(parts[7])
  facts.releaseCount = count(parts[8])
  facts.occurrenceAt = number_or_nil(parts[9] or 'null')
  facts.progress = number_or_nil(parts[10] or 'null')
  facts.windowAt = number_or_nil(parts[11] or 'null')
  facts.windowEnd = facts.windowAt and count(parts[12])
  return facts
end

local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    more = ',' .. (facts.progress and string.format('%.17g', facts.progress) or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0)
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end

-- The planned time: what happened tells it once there is such a record, what was asked before.
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end

-- Who holds a job: token, fence, lockedAt, pending ('' or a time), host, name, run, progress; nil when
-- the entry is damaged. `run`: '' for a lease of the broker, whose claim is the start; of a row that
-- was handed out: 'c' claimed, 's' and the time that its run was planned for once it has started;
-- 'l' a lock that came with a row, and that nobody holds by a token.
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end

local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
