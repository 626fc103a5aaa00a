-- extra
-- What stands behind the data of a record, found without a look into the data.
-- @include record
local EXTRA_BYTES = 4096
local EXTRA_BEGINS = { ',{"type":"', ',{"lastModifiedBy":"', ',{"repeat":{' }

-- `rest`: a record from its data on. Returns the JSON behind the data with a comma in front, or ''. It is an
-- object at the very end, so what begins like one and is not whole is part of the data. It is short, but for
-- a rule, of which the flags tell.
local function extra_of(rest, flags)
  local tail = has_flag(flags, FLAG.has_rule) and rest or string.sub(rest, -EXTRA_BYTES)
  local from = 0
  for _, beginning in ipairs(EXTRA_BEGINS) do
    from = math.max(from, string.match(tail, '^.*()' .. beginning) or 0)
  end
  if from == 0 then return '' end
  local extra = string.sub(tail, from, -2)
  return pcall(cjson.decode, string.sub(extra, 2)) and extra or ''
end
