-- recurs
-- Whether a job runs again and again, or did. A rule of limits alone belongs to a job that runs once.
-- @include record

-- What cannot be read is taken for recurring, so that it is left alone.
local function recurs(record, flags)
  if has_flag(flags, FLAG.recurring) then return true end
  if not has_flag(flags, FLAG.has_rule) then return false end
  local ok, rule = pcall(cjson.decode, string.match(record, '.*"repeat":({.*})}%]$') or '')
  return not ok or rule.at ~= nil
end
