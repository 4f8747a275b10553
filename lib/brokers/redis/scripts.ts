import { script } from './script.js'

/*
 * What a log is in Redis. An entry of its stream has the id `term-offset`. Offsets grow by one. A term is a span in which
 * nothing was lost, named by when it began, in milliseconds: a server that was restarted, or replaced by its replica, may
 * have forgotten the newest entries. It has another replication id then, which stands for one history of writes. So a new
 * term begins, and it is noted at which offset the one before has ended: positions up to there mean the same as before,
 * those beyond it are lost. And where an instance knows of an entry beyond it, all positions of that term and of those
 * before it are: behind each of them, something is missing. Terms also make the ids of a stream that was deleted and made
 * anew greater than all before, so that whoever waits for its next entry gets it.
 *
 * Numbers beyond 14 digits need `%.0f`: Lua writes others with an exponent.
 */

/** Keys of a log, in the order of LogKeys.all. */
const KEYS_OF_LOG = 6

/** Terms whose end is remembered. */
const MAX_TERMS = 50

/** Arguments that open a log: see Witness. */
const ARGS_OF_LOG = 4

/**
 * Opens the log whose keys begin at `KEYS[first]` by the arguments that begin at `ARGV[given]`: makes it where it is new,
 * begins another term where the server may have forgotten something, and notes where it has.
 */
const OPEN = `
local function text (number) return string.format('%.0f', number) end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local source = assert(string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)'), 'INFO replication tells no master_replid, without which a restart can not be told')

-- Where a term has ended; nil where it is none of this life.
local function endOf (log, term)
  if term == log.term then return log.head end
  for name, last in string.gmatch(log.ended, '(%d+):(%d+) ') do
    if tonumber(name) == term then return tonumber(last) end
  end
end

-- Whether something was lost of what is known to have stood at this offset of a term. A term that ended too long ago to
-- be remembered has lost nothing that is not lost to all; one that is newer, and not known here, was lost as a whole.
local function isForgotten (log, term, offset)
  local last = endOf(log, term)
  if last then return offset > last end
  return term > tonumber(string.match(log.ended, '^%d+') or 0)
end

-- Begins another term, named by a later time than the present one and this.
local function beginTerm (log, after)
  log.ended = log.ended .. text(log.term) .. ':' .. text(log.head) .. ' '
  local _, terms = string.gsub(log.ended, ' ', '')
  if terms > ${MAX_TERMS} then
    -- Its entries could not be found any more.
    local oldest, last, rest = string.match(log.ended, '^(%d+):(%d+) (.*)$')
    redis.call('XTRIM', log.stream, 'MINID', oldest .. '-' .. text(last + 1))
    log.ended = rest
  end
  log.term = math.max(now, log.term + 1, after + 1)
  redis.call('HSET', log.facts, 'term', text(log.term), 'ended', log.ended)
end

local function open (first, given)
  local log = { facts = KEYS[first], stream = KEYS[first + 1], marks = KEYS[first + 2], values = KEYS[first + 3], order = KEYS[first + 4], gone = KEYS[first + 5] }
  local facts = redis.call('HMGET', log.facts, 'life', 'term', 'source', 'head', 'ended', 'total', 'at', 'dropped', 'broken')
  if not facts[1] then
    local last = redis.call('XREVRANGE', log.stream, '+', '-', 'COUNT', 1)[1]
    local before = last and tonumber(string.match(last[1], '^%d+')) or 0
    redis.call('DEL', log.stream, log.marks, log.values, log.order, log.gone)
    log.life, log.term, log.head, log.ended, log.total, log.at, log.dropped, log.broken = ARGV[given], math.max(now, before + 1), 0, '', 0, now, 0, 0
    redis.call('HSET', log.facts, 'life', log.life, 'term', text(log.term), 'source', source, 'head', 0, 'ended', '', 'total', 0, 'at', text(now), 'dropped', 0, 'broken', 0)
    return log
  end
  log.life, log.term, log.head, log.ended = facts[1], tonumber(facts[2]), tonumber(facts[4]), facts[5]
  log.total, log.at, log.dropped, log.broken = tonumber(facts[6]), tonumber(facts[7]), tonumber(facts[8]), tonumber(facts[9])
  if source ~= facts[3] then
    beginTerm(log, 0)
    redis.call('HSET', log.facts, 'source', source)
  end
  local known, offset = tonumber(ARGV[given + 2]), tonumber(ARGV[given + 3])
  if ARGV[given + 1] == log.life and known > log.broken and isForgotten(log, known, offset) then
    log.broken = known
    redis.call('HSET', log.facts, 'broken', text(known))
    if known >= log.term then beginTerm(log, known) end
  end
  return log
end

-- The id after which the entry behind an offset stands.
local function idAt (log, offset)
  for name, last in string.gmatch(log.ended, '(%d+):(%d+) ') do
    if tonumber(last) > offset then return name .. '-' .. text(offset) end
  end
  return text(log.term) .. '-' .. text(offset)
end

local function placeOf (log) return log.life .. ' ' .. text(log.term) .. ' ' .. text(log.head) end
`

/**
 * Trims a stream by its marks. A mark is `term offset total at`: where the stream stood when it was set, how many bytes
 * it had got in all its life, and when the last of them. What is before a mark is dropped as soon as what is behind it
 * is as much as is to be retained, so that there is never less than that, and up to a sixteenth more. A stream is not
 * trimmed below what instances need that read it live.
 */
const TRIM = `
local function parse (mark)
  local term, offset, total, at = string.match(mark, '^(%d+) (%d+) (%d+) (%d+)$')
  return { term = tonumber(term), offset = tonumber(offset), total = tonumber(total), at = tonumber(at) }
end

local function mark (log)
  redis.call('RPUSH', log.marks, text(log.term) .. ' ' .. text(log.head) .. ' ' .. text(log.total) .. ' ' .. text(log.at))
  log.marked = { term = log.term, offset = log.head, total = log.total, at = log.at }
end

local function lastMark (log)
  local last = redis.call('LINDEX', log.marks, -1)
  return last and parse(last) or { term = 0, offset = 0, total = 0, at = 0 }
end

local function trim (log, limits)
  local dropped
  while true do
    local oldest = redis.call('LINDEX', log.marks, 0)
    if not oldest then break end
    local behind = parse(oldest)
    if log.head - behind.offset < limits.events and log.total - behind.total < limits.bytes and now - behind.at < limits.age then break end
    redis.call('LPOP', log.marks)
    dropped = behind
  end
  if dropped then redis.call('XTRIM', log.stream, 'MINID', text(dropped.term) .. '-' .. text(dropped.offset + 1)) end
end
`

/** Takes `ARGV[first]` and the two after it for the limits of a log: events, bytes, milliseconds. */
const LIMITS = `
local function limitsAt (first)
  return { events = tonumber(ARGV[first]), bytes = tonumber(ARGV[first + 1]), age = tonumber(ARGV[first + 2]) }
end
`

/**
 * Where logs stand. ARGV: for each log what opens it.
 *
 * @returns for each `life term head`, or `! ` and what Redis says against it: one that can't be opened keeps nobody from
 * the others.
 */
export const FIND_HEADS = script(`${OPEN}
local heads = {}
for index = 0, #KEYS / ${KEYS_OF_LOG} - 1 do
  local isOpen, result = pcall(function ()
    local log = open(index * ${KEYS_OF_LOG} + 1, index * ${ARGS_OF_LOG} + 1)
    redis.call('XLEN', log.stream)
    return placeOf(log)
  end)
  heads[index + 1] = isOpen and result or '! ' .. (type(result) == 'table' and result.err or tostring(result))
end
return heads
`)

/**
 * What a sender has sent before is not stored again, whoever has lost the answer. The last batch's number and outcome
 * stand in KEYS[${KEYS_OF_LOG + 1}]; an idempotency key's offset in the key that a record names.
 */
const SENT = `
local sentKey, sequence = KEYS[${KEYS_OF_LOG + 1}], ARGV[5]
local sent = redis.call('GET', sentKey)
if sent then
  local number, outcome = string.match(sent, '^(%d+) (.*)$')
  if number == sequence then return outcome end
  if tonumber(number) > tonumber(sequence) then return redis.error_reply('ERR a batch that came too late') end
end

local function used (log, key)
  local value = key and redis.call('GET', key)
  local life, offset = string.match(value or '', '^(%w+) (%d+)$')
  return life == log.life and tonumber(offset) or nil
end
`

/** How long the outcome of a batch is remembered: far longer than anybody tries. */
const SENT_MS = 600_000

const ANSWER = `
redis.call('HSET', log.facts, 'head', text(log.head), 'total', text(log.total), 'at', text(now), 'dropped', text(log.dropped))
local outcome = log.life .. ' ' .. text(log.term) .. ' ' .. table.concat(offsets, ' ')
redis.call('SET', sentKey, sequence .. ' ' .. outcome, 'PX', ${SENT_MS})
return outcome
`

/**
 * Stores records of a log with a history. ARGV: what opens it, number of the batch, idempotency window in milliseconds,
 * three limits, three steps between marks, and for each record its facts, its data and the index of its idempotency key
 * in KEYS, or 0.
 *
 * @returns `life term offset offset …`
 */
export const APPEND = script(`${OPEN}${TRIM}${LIMITS}${SENT}
local log = open(1, 1)
local window, limits, steps = ARGV[6], limitsAt(7), limitsAt(10)
log.marked = lastMark(log)
if log.head > log.marked.offset and now - log.marked.at >= steps.age then mark(log) end
log.at = now
local offsets = {}
for first = 13, #ARGV, 3 do
  local facts, data, key = ARGV[first], ARGV[first + 1], KEYS[tonumber(ARGV[first + 2])]
  local offset = used(log, key)
  if not offset then
    log.head = log.head + 1
    log.total = log.total + #data
    offset = log.head
    redis.call('XADD', log.stream, text(log.term) .. '-' .. text(offset), 'f', facts, 'd', data)
    if key then redis.call('SET', key, log.life .. ' ' .. text(offset), 'PX', window) end
    if offset - log.marked.offset >= steps.events or log.total - log.marked.total >= steps.bytes then mark(log) end
  end
  offsets[#offsets + 1] = text(offset)
end
trim(log, limits)
${ANSWER}`)

/**
 * Stores records of a log that retains the latest. ARGV: what opens it, number of the batch, idempotency window in
 * milliseconds, the most keys, how many entries the stream keeps for those who read it live, and for each record its
 * facts, its data, the index of its idempotency key in KEYS or 0, its key, and `1` for a tombstone.
 *
 * @returns `life term offset offset …`
 */
export const APPEND_LATEST = script(`${OPEN}${SENT}
local log = open(1, 1)
local window, maxKeys, maxLive = ARGV[6], tonumber(ARGV[7]), ARGV[8]
local count = redis.call('ZCARD', log.order) + redis.call('ZCARD', log.gone)
local offsets = {}
for first = 9, #ARGV, 5 do
  local facts, data, idempotencyKey = ARGV[first], ARGV[first + 1], KEYS[tonumber(ARGV[first + 2])]
  local key, isGone = ARGV[first + 3], ARGV[first + 4] == '1'
  local offset = used(log, idempotencyKey)
  if not offset then
    log.head = log.head + 1
    offset = log.head
    redis.call('XADD', log.stream, 'MAXLEN', '~', maxLive, text(log.term) .. '-' .. text(offset), 'f', facts, 'd', data)
    if idempotencyKey then redis.call('SET', idempotencyKey, log.life .. ' ' .. text(offset), 'PX', window) end
    count = count - redis.call('ZREM', isGone and log.order or log.gone, key)
    count = count + redis.call('ZADD', isGone and log.gone or log.order, text(offset), key)
    redis.call('HSET', log.values, key, facts .. '\\n' .. data)
    if count > maxKeys then
      -- Values are worth more than tombstones.
      local oldest = redis.call('ZPOPMIN', log.gone)
      if not oldest[1] then oldest = redis.call('ZPOPMIN', log.order) end
      redis.call('HDEL', log.values, oldest[1])
      log.dropped = math.max(log.dropped, tonumber(oldest[2]))
      count = count - 1
    end
  end
  offsets[#offsets + 1] = text(offset)
end
${ANSWER}`)

/** What a position is: ARGV[5] to ARGV[7] are its life, term and offset; the first is empty to read from the start. */
const LOST = `
local function isLost (log, earliest)
  if ARGV[5] == '' then return false end
  local term, offset = tonumber(ARGV[6]), tonumber(ARGV[7])
  local last = ARGV[5] == log.life and term > log.broken and endOf(log, term)
  return not last or offset > last or offset < earliest
end
`

/**
 * Reads a page. ARGV: what opens it, the position's life, term and offset, the most entries, three limits, by which what is
 * too old is dropped first.
 *
 * @returns where the log stands as `life term head`, the first offset after which nothing is lost, 1 where something is,
 * and the entries.
 */
export const READ = script(`${OPEN}${TRIM}${LIMITS}${LOST}
local log = open(1, 1)
local limits = limitsAt(9)
if now - log.at >= limits.age then
  -- All of it. Trimming needs no memory, of which there may be none left; a mark would.
  redis.call('XTRIM', log.stream, 'MAXLEN', 0)
  redis.call('DEL', log.marks)
else
  trim(log, limits)
end
local first = redis.call('XRANGE', log.stream, '-', '+', 'COUNT', 1)[1]
local earliest = first and tonumber(string.match(first[1], '-(%d+)$')) - 1 or log.head
if isLost(log, earliest) then return { placeOf(log), text(earliest), 1, {} } end
local after = ARGV[5] == '' and earliest or tonumber(ARGV[7])
return { placeOf(log), text(earliest), 0, redis.call('XRANGE', log.stream, '(' .. idAt(log, after), '+', 'COUNT', ARGV[8]) }
`)

/**
 * Reads a log that retains the latest: ARGV: what opens it, the position's life, term and offset.
 *
 * @returns what {@link READ} does, but for the entries, which are an offset and a record in turns, values first.
 */
export const READ_LATEST = script(`${OPEN}${LOST}
local log = open(1, 1)
if isLost(log, log.dropped) then return { placeOf(log), text(log.dropped), 1, {} } end
local found = {}
local function collect (order, after)
  local keys = redis.call('ZRANGEBYSCORE', order, '(' .. after, '+inf', 'WITHSCORES')
  for index = 1, #keys, 2 do
    found[#found + 1] = text(tonumber(keys[index + 1]))
    found[#found + 1] = redis.call('HGET', log.values, keys[index])
  end
end
if ARGV[5] == '' then
  collect(log.order, '0')
else
  collect(log.order, ARGV[7])
  collect(log.gone, ARGV[7])
end
return { placeOf(log), text(log.dropped), 0, found }
`)
