-- version
-- Which version of its handler's input the data of a job is, as its flags tell.
-- @include record
local VERSION = 65536

-- 0 for 1, which is left out.
local function version_of(flags)
  return math.floor(flags / VERSION)
end

-- `version`: nil to leave it.
local function at_version(flags, version)
  if not version then return flags end
  return flags % VERSION + (version > 1 and version or 0) * VERSION
end
