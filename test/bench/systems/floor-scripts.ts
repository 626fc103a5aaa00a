/*
 * The Lua of the floor. Two scripts per variant, with the same arguments and replies:
 *
 *   enqueue  ARGV: for each job: due in ms since the epoch (empty: now), id, body
 *   step     ARGV: token, lease in ms, slots, 'kept' or empty; for each job that has ended: id, its token
 *            returns { ms until the next is due or empty, ids, bodies }
 *
 * `waiting` is sorted by due time, then by id; ids sort by birth.
 */
export interface FloorScripts {
  readonly enqueue: string;
  readonly step: string;
}

/** Whoever sleeps must hear of a job that is due before everything else that waits. */
const ANNOUNCE = 'floor:news';

const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const ENQUEUE = `
local head = redis.call('ZRANGE', 'floor:waiting', 0, 0, 'WITHSCORES')[2]
local bodies, places, first = {}, {}, math.huge
for i = 1, #ARGV, 3 do
  local due, id = tonumber(ARGV[i]) or now, ARGV[i + 1]
  bodies[#bodies + 1] = id
  bodies[#bodies + 1] = ARGV[i + 2]
  places[#places + 1] = string.format('%.0f', due)
  places[#places + 1] = id
  first = math.min(first, due)
end
redis.call('HSET', 'floor:jobs', unpack(bodies))
redis.call('ZADD', 'floor:waiting', unpack(places))
if not head or first < tonumber(head) then redis.call('PUBLISH', '${ANNOUNCE}', '') end
`;

const CLAIM = `
local text_now, expiry = string.format('%.0f', now), string.format('%.0f', now + ARGV[2])
local slots, ids, bodies, due_in = tonumber(ARGV[3]), {}, {}, ''
if slots > 0 then
  ids = redis.call('ZRANGEBYSCORE', 'floor:waiting', '-inf', text_now, 'LIMIT', 0, slots)
  if #ids > 0 then
    local leases = {}
    for _, id in ipairs(ids) do
      leases[#leases + 1] = expiry
      leases[#leases + 1] = id
    end
    redis.call('ZREM', 'floor:waiting', unpack(ids))
    redis.call('ZADD', 'floor:leases', unpack(leases))
    bodies = redis.call('HMGET', 'floor:jobs', unpack(ids))
  end
  if #ids < slots then
    local head = redis.call('ZRANGE', 'floor:waiting', 0, 0, 'WITHSCORES')[2]
    if head then due_in = tostring(math.max(head - now, 0)) end
  end
end
`;

const REPLY = `
return { due_in, ids, bodies }
`;

/** Body and index; lease; gone. */
export const least: FloorScripts = {
  enqueue: CLOCK + ENQUEUE,
  step: `${CLOCK}
local ended = {}
for i = 5, #ARGV, 2 do
  ended[#ended + 1] = ARGV[i]
end
if #ended > 0 then
  redis.call('ZREM', 'floor:leases', unpack(ended))
  redis.call('HDEL', 'floor:jobs', unpack(ended))
end
${CLAIM}${REPLY}`,
};

/**
 * The same with what ours keeps beside it: known names, the time a name is due, who may settle,
 * which jobs run, what happened, the index of finished jobs, and the ids of those removed lately.
 */
export const withBooks: FloorScripts = {
  enqueue: `${CLOCK}${ENQUEUE}
redis.call('SADD', 'floor:names', 'bench')
redis.call('ZADD', 'floor:due', 'LT', string.format('%.0f', first), 'bench')
redis.call('HINCRBY', 'floor:meta', 'seq', #ARGV / 3)
`,
  step: `${CLOCK}
local asked = {}
for i = 5, #ARGV, 2 do
  asked[#asked + 1] = ARGV[i]
end
if #asked > 0 then
  local holders, states = redis.call('HMGET', 'floor:lease', unpack(asked)), redis.call('HMGET', 'floor:state', unpack(asked))
  local ended, happened, finished = {}, {}, {}
  local stamp = string.format('%.0f', now)
  for i, id in ipairs(asked) do
    if holders[i] == ARGV[4 + i * 2] then
      ended[#ended + 1] = id
      happened[#happened + 1] = id
      happened[#happened + 1] = '[null,' .. stamp .. ',' .. stamp .. ',1,0,null,0,0]'
      finished[#finished + 1] = stamp
      finished[#finished + 1] = id
    end
  end
  if #ended > 0 then
    redis.call('HDEL', 'floor:lease', unpack(ended))
    redis.call('ZREM', 'floor:leases', unpack(ended))
    redis.call('ZREM', 'floor:running', unpack(ended))
    if ARGV[4] == 'kept' then
      redis.call('HSET', 'floor:state', unpack(happened))
      redis.call('ZADD', 'floor:completed', unpack(finished))
    else
      redis.call('HDEL', 'floor:jobs', unpack(ended))
      redis.call('HDEL', 'floor:state', unpack(ended))
      redis.call('ZADD', 'floor:gone', unpack(finished))
      redis.call('ZREMRANGEBYSCORE', 'floor:gone', '-inf', string.format('%.0f', now - 10000))
    end
  end
end
${CLAIM}
if #ids > 0 then
  local holders, running = {}, {}
  for i, id in ipairs(ids) do
    holders[#holders + 1] = id
    holders[#holders + 1] = ARGV[1] .. ':' .. i
    running[#running + 1] = text_now
    running[#running + 1] = id
  end
  redis.call('HSET', 'floor:lease', unpack(holders))
  redis.call('ZADD', 'floor:running', unpack(running))
  redis.call('HMGET', 'floor:state', unpack(ids))
end
local head = redis.call('ZRANGE', 'floor:waiting', 0, 0, 'WITHSCORES')[2]
if head then redis.call('ZADD', 'floor:due', head, 'bench') else redis.call('ZREM', 'floor:due', 'bench') end
redis.call('HSET', 'floor:meta', 'lastPass', text_now)
redis.call('SET', 'floor:claim:host', ARGV[1] .. table.concat(ids, ' '), 'PX', 60000)
${REPLY}`,
};

export const NEWS_CHANNEL = ANNOUNCE;
