-- record
-- The numbers at the head of packed records. What follows them is never decoded.
-- Layouts: see keys.ts. Of a record that a stranger has damaged the readers here answer nil, and never
-- raise: one bad record must not stop the work on the others. @include time, key

-- What was asked: at (planned time as asked, or nil), seq, priority, flags; nothing when the head is damaged.
local function asked(spec)
  local created, delay, seq, priority, flags = string.match(spec, '^%[(%d+),([^,]+),(%d+),([^,]+),(%d+),')
  priority = tonumber(priority)
  if not priority then return end
  local after = tonumber(delay)
  if not after and delay ~= 'null' then return end
  return after and created + after, tonumber(seq), priority, tonumber(flags)
end

-- What the flags of a record say: see keys.ts, and for ends_its_own_way own-end. Above them stands a version: see version.
local FLAG = { disabled = 1, recurring = 2, keyed = 4, has_data = 8, has_rule = 16, forked = 32, ends_its_own_way = 64, lined = 128, expires = 256, first = 512, tagged = 1024 }

local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
end

-- Whether the end of a job has something to be done: see own-end.
local function has_own_end(flags)
  return flags % (2 * FLAG.expires) >= FLAG.ends_its_own_way
end

local function with_flags(record, flags)
  return (string.gsub(record, '^(%[[^,]+,[^,]+,[^,]+,[^,]+,)%d+', '%1' .. text(flags), 1))
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

-- What belongs to the job itself (nonce, keys; '0' for nothing), and where it ends in the record.
local function own_of(spec)
  local _, name_end = string.find(spec, '^%[[^"]*"[^"]*"')
  if not name_end then return '0', #spec end
  local own = string.sub(spec, name_end + 2, name_end + 2)
  if own ~= '0' then own = string.match(spec, '^%b{}', name_end + 2) or '0' end
  return own, name_end + #own + 1
end

-- What stands behind it: what the user asked (data, extra), which ends the record.
local function own_and_rest(spec)
  local own, own_end = own_of(spec)
  return own, string.sub(spec, own_end + 2)
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

-- The numbers of a state, up to its failure. Those that are not there are captured as ''.
local STATE_NUMBERS = '^%[' .. string.rep('([^,%]{]*),?', 13)

-- How far a handler has come, as a state or a lease tells it: a number, or true where it stands in `progress`.
local function progress_of(told)
  return tonumber(told) or told == 'true' or nil
end

-- A state or a lease entry as it is given out: progress that stands elsewhere follows on a line of its own.
local function with_progress(id, told)
  local is_elsewhere = told and (string.find(told, ',true,', 1, true) or string.find(told, '|true|', 1, true))
  local value = is_elsewhere and redis.call('HGET', PROGRESS, id)
  return value and told .. '\n' .. value or told or ''
end

-- What happened, as a table; `state` may be false: nothing yet.
local function happened(state)
  if not state then return { attempt = 0, failCount = 0, rescueCount = 0, releaseCount = 0, snoozeCount = 0 } end
  local next_at, run_at, finished_at, attempts, fails, failed_at, rescues, releases, occurrence_at, progress, window_at,
    window_end, snoozes = string.match(state, STATE_NUMBERS)
  local brace = string.find(state, '{', 1, true)
  local opened_at = tonumber(window_at)
  return {
    known = true,
    nextRunAt = tonumber(next_at),
    lastRunAt = tonumber(run_at),
    lastFinishedAt = tonumber(finished_at),
    attempt = tonumber(attempts) or 0,
    failCount = tonumber(fails) or 0,
    failedAt = tonumber(failed_at),
    rescueCount = tonumber(rescues) or 0,
    releaseCount = tonumber(releases) or 0,
    occurrenceAt = tonumber(occurrence_at),
    progress = progress_of(progress),
    windowAt = opened_at,
    windowEnd = opened_at and (tonumber(window_end) or 0),
    snoozeCount = tonumber(snoozes) or 0,
    failure = brace and string.sub(state, brace, -2) or nil,
  }
end

local function packed(facts)
  local function part(value)
    return value and text(value) or 'null'
  end
  local head = '[' .. part(facts.nextRunAt) .. ',' .. part(facts.lastRunAt) .. ',' .. part(facts.lastFinishedAt) .. ',' .. facts.attempt
  local has_more = facts.progress or facts.windowAt or facts.snoozeCount > 0
  if facts.failCount == 0 and not facts.failedAt and facts.rescueCount == 0 and facts.releaseCount == 0
    and not facts.occurrenceAt and not has_more then
    return head .. ']'
  end
  local more = ''
  if has_more then
    local progress = tonumber(facts.progress)
    more = ',' .. (progress and string.format('%.17g', progress) or facts.progress and 'true' or 'null') .. ',' .. part(facts.windowAt)
      .. ',' .. text(facts.windowAt and facts.windowEnd or 0) .. ',' .. facts.snoozeCount
  end
  return head .. ',' .. facts.failCount .. ',' .. part(facts.failedAt) .. ',' .. facts.rescueCount .. ',' .. facts.releaseCount
    .. ',' .. part(facts.occurrenceAt) .. more .. (facts.failure and ',' .. facts.failure or '') .. ']'
end

-- What earlier runs used up is not held against the next ones.
local function begin_anew(facts)
  facts.attempt, facts.rescueCount, facts.releaseCount, facts.snoozeCount = 0, 0, 0, 0
end

-- The planned time: what happened tells it once there is such a record, what was asked before.
local function planned(spec_at, facts)
  if facts.known then return facts.nextRunAt end
  return spec_at
end

-- Who holds a job: token, fence, lockedAt, pending ('' or a time), host, name, run, progress; nil when
-- the entry is damaged. `run`: '' for a lease of the broker, whose claim is the start; of a row that
-- was handed out: 'c' claimed, 's' and the time that its run was planned for once it has started;
-- 'l' a lock that came with a row, and that nobody holds by a token. `progress`: '' as long as the handler has told
-- nothing; '-' when it has logged lines alone; else see progress_of.
local function holder(entry)
  local token, fence, locked_at, pending, host, run, progress, name =
    string.match(entry, '^([^|]*)|([^|]*)|(%d+)|(%-?%d*)|([^|]*)|([^|]*)|([^|]*)|(.+)$')
  return token, fence, locked_at, pending, host, name, run, progress
end

local function lease_entry(token, fence, locked_at, pending, host, name, run, progress)
  return table.concat({ token, fence, locked_at, pending, host, run, progress, name }, '|')
end
