-- own
-- What belongs to the job itself, decoded: it is small. What a stranger has damaged of it is left out.
-- @include record
local function table_or_empty(value)
  return type(value) == 'table' and value or {}
end

local function texts_of(value)
  local texts = {}
  for _, item in ipairs(table_or_empty(value)) do
    if type(item) == 'string' then texts[#texts + 1] = item end
  end
  return texts
end

local function own_facts(record)
  local own, ok, facts = own_of(record), true, nil
  if own ~= '0' then ok, facts = pcall(cjson.decode, own) end
  facts = table_or_empty(ok and facts)
  return {
    keys = texts_of(facts.keys), frees = texts_of(facts.frees), tags = texts_of(facts.tags),
    expires = tonumber(facts.expires), overrides = table_or_empty(facts.overrides),
  }
end
