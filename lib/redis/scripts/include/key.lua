-- key
-- Every key of the partition begins with the prefix that carries its hash tag.
-- Expects ARGV[1]: the prefix.
local prefix = ARGV[1]
local JOBS, META = KEYS[1], KEYS[2]
local STATE, RESULTS, PROGRESS = prefix .. 'jobs:state', prefix .. 'results', prefix .. 'progress'
local DUE, LEASES, LEASE = prefix .. 'due', prefix .. 'leases', prefix .. 'lease'

-- The key of an index of a name; remembered, since a batch asks for the same few again and again.
local indexes = {}
local function index(place, name)
  local of_place = indexes[place]
  if not of_place then
    of_place = {}
    indexes[place] = of_place
  end
  local key = of_place[name]
  if not key then
    key = prefix .. place .. ':' .. name
    of_place[name] = key
  end
  return key
end
