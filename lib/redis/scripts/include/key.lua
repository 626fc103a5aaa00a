-- key
-- Every key of the partition begins with the prefix that carries its hash tag.
-- Expects ARGV[1]: the prefix.
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS = prefix .. 'jobs:state', prefix .. 'results'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'

local function index(place, name)
  return prefix .. place .. ':' .. name
end
