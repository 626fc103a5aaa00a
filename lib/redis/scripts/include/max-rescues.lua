-- max-rescues
-- How often a job may lose its process and run again, by the settings of its name: read once a call.
-- @include key

local function max_rescues(settings)
  local ok, decoded = pcall(cjson.decode, settings)
  return ok and type(decoded) == 'table' and tonumber(decoded.maxRescues)
end

local allowed = {}
local function rescues_allowed(name, otherwise)
  if not allowed[name] then
    local settings = redis.call('HGET', prefix .. 'settings', name)
    allowed[name] = max_rescues(settings) or otherwise
  end
  return allowed[name]
end
