-- new-data
-- A record with other data; what stands around it is not looked into.
-- @include record, version, extra

-- `data`: JSON text; empty for none. `version`: that of the data; nil to leave it.
local function with_data(record, flags, data, version)
  local _, rest = own_and_rest(record)
  local numbers, others = string.match(string.sub(record, 1, #record - #rest), '^(%[%d+,[^,]+,%d+,[^,]+,)%d+(,.*)$')
  local bare = at_version(has_flag(flags, FLAG.has_data) and flags - FLAG.has_data or flags, version)
  local has_data = data ~= ''
  return numbers .. text(has_data and bare + FLAG.has_data or bare) .. others
    .. (has_data and data or 'null') .. extra_of(rest, flags) .. ']'
end
