-- settle
-- Ends attempts. Each settlement is judged alone; a refused one changes nothing.
-- @include time, key, writes, record, place, give-up, remove, gone, refuse, tell
local end_otherwise

local function tell_of_removed(id, name, kind, attempt, host, body)
  if kind == 'removed' then
    tell('completed', id, name, attempt, host)
  else
    tell('failed', id, name, attempt, host)
    tell('dead', id, name, attempt, host, string.match(body, '"reason":"([%l-]+)"'))
  end
  tell('removed', id, name, nil, nil, kind == 'removed' and 'completed' or 'dead')
end

-- Settles as the holder of the lease, which has been judged. A kind of its own, 'completed-own', is the end
-- of a job that may have something to be done then (see own-end). Returns a word when what is stored of the
-- job makes that impossible: 'lease-mismatch' for a damaged lease entry, which rescue will mend;
-- 'not-found' for a lease whose record is gone, as far as the record is looked at.
local function settle(id, kind, argument, body, entry, state, gone_ms)
  local _, _, locked_at, pending, host, name, _, progress = holder(entry)
  if not name then return 'lease-mismatch' end
  give_up(id, name)
  if in_use('stream') then event_stream().note_end(name) end
  -- A dead letter that is not kept brings the same notes as a success that is not.
  local is_removed = kind == 'removed' or kind == 'bury' and argument ~= ''
  if is_removed and pending == '' then
    local record = string.find(argument, 'k', 1, true) and redis.call('HGET', JOBS, id)
    if record then
      end_run(id, name, select(4, asked(record)), record)
      remove_keys(id, record, 'retention')
    end
    local age = string.match(argument, 'y(%d+)')
    if age and tonumber(age) <= gone_kept(gone_ms) then remember_gone(id, record, gone_ms) end
    remove_record(id, state, not state and progress == '')
    zrem(index('disabled', name), id)
    if in_use('stream') then
      tell_of_removed(id, name, kind, event_stream().attempts_in(state) + 1, host, body)
    end
    return
  end
  if kind == 'removed' then kind, argument = 'completed', '' end
  local done = (kind == 'completed' or kind == 'completed-own') and argument == '' and pending == ''
  if done and kind == 'completed' and not state and progress == '' then
    -- A plain first success, the most frequent end of all, needs no look at any record.
    zadd(index('completed', name), now_text, id)
    if body ~= '' then hset(RESULTS, id, body) end
    hset(STATE, id, '[null,' .. locked_at .. ',' .. now_text .. ',1]')
    if in_use('stream') then tell('completed', id, name, 1, host) end
    return
  end
  if not end_otherwise then
    -- @include ending
    end_otherwise = end_attempt
  end
  local lease = { name = name, locked_at = locked_at, pending = pending, progress = progress, host = host }
  return end_otherwise(id, kind, argument, body, state, lease, done)
end
