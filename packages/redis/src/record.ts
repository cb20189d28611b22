import { createHash } from 'node:crypto';
import { HISTORY_LENGTH, isRecord, type SessionRecord } from '@sessions/core';

// A record is one string: a line that the scripts read, and the session as JSON.
//   s1 <bytes of JSON> <expiresAt or -> <etag> <former etags …>\n{…}
// The line has at most HEAD bytes, so that no script ever takes up a whole session; nearly all
// have no more than SHORT_HEAD.
const FORMAT = 's1';
const HEAD = 1024;
const SHORT_HEAD = 192;
const HEAD_PATTERN = '^s1 (%d+) (%-?%d*) (%S+)([^\\n]*)\\n()';

/** What the scripts answer, besides 1 and 0. Any number below is the server's time, negative: too late. */
export const CORRUPT = -1;

const IN_TIME = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return -now end`;

// As far as it can see, what it takes for a session is what `decode` does.
const FIND = `
local head = redis.pcall('GETRANGE', KEYS[1], 0, ${SHORT_HEAD - 1})
local isText = type(head) == 'string'
if isText and #head == ${SHORT_HEAD} and not string.find(head, '\\n', 1, true) then
  head = redis.call('GETRANGE', KEYS[1], 0, ${HEAD - 1})
end
if not isText and not string.find(head.err, 'WRONGTYPE', 1, true) then return head end
local found, etag, former = head ~= '' or redis.call('EXISTS', KEYS[1]) == 1
if found and isText then
  local bytes, expiresAt, name, others, start = string.match(head, '${HEAD_PATTERN}')
  if bytes and expiresAt ~= '' and redis.call('STRLEN', KEYS[1]) == start - 1 + bytes then
    local first = string.sub(head, start, start)
    if first == '' then first = redis.call('GETRANGE', KEYS[1], start - 1, start - 1) end
    if first == '{' then etag, former = name, others end
  end
end`;

// ARGV: deadline, expected etag or '' for none or '*' for whatever is there, lifetime in ms or '',
// `expiresAt etag former etags`, JSON
const put = (atRepeat: string): Script =>
  script(`${IN_TIME}${FIND}
local line = ARGV[4]
if found then
  if not etag then return ${CORRUPT} end
  local mine = string.match(line, ' (%S+)')
  if string.find(head, mine, 1, true)
    and string.find(' ' .. etag .. former .. ' ', ' ' .. mine .. ' ', 1, true) then${atRepeat} return 1 end
end
if ARGV[2] == '*' then
  if found then line = line .. ' ' .. etag .. (string.match(former, '^${' %S+'.repeat(HISTORY_LENGTH - 1)}') or former) end
elseif ARGV[2] ~= (etag or '') then
  return 0
end
local value = '${FORMAT} ' .. #ARGV[5] .. ' ' .. line .. '\\n' .. ARGV[5]
if ARGV[3] == '' then redis.call('SET', KEYS[1], value)
else redis.call('SET', KEYS[1], value, 'PX', ARGV[3]) end
return 1`);

// ARGV: deadline, expected etag or '*'
const remove = (whenAbsent: string): Script =>
  script(`${IN_TIME}
if ARGV[2] ~= '*' then
${FIND}
  if etag ~= ARGV[2] then return 0 end
end
if redis.call('DEL', KEYS[1]) == 0 then${whenAbsent} end
return 1`);

/** The two scripts that change a key. */
export interface Scripts {
  readonly put: Script;
  readonly delete: Script;
}

export const SCRIPTS: Scripts = { put: put(''), delete: remove('') };

/** The same, to be followed by WAIT, which needs a write to wait for. */
export const SCRIPTS_BEFORE_WAIT: Scripts = {
  put: put(` redis.call('APPEND', KEYS[1], '')`),
  delete: remove(` redis.call('SET', KEYS[1], '', 'PX', 1) redis.call('DEL', KEYS[1])`),
};

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** What the line of a record says, without its length. */
export function lineOf({ expiresAt, etag, history }: SessionRecord): string {
  const line = `${expiresAt ?? '-'} ${etag}`;
  return history.length > 0 ? `${line} ${history.join(' ')}` : line;
}

/** The record in the text, or `undefined` when it is none. */
export function decode(value: string): SessionRecord | undefined {
  const stop = value.indexOf('\n');
  if (stop < 0 || stop >= HEAD) return undefined;
  const [format, bytes, expires = '', etag, ...history] = value.slice(0, stop).split(' ');
  if (format !== FORMAT || !etag || !/^(-|-?\d+)$/.test(expires)) return undefined;
  const session = value.slice(stop + 1);
  if (Buffer.byteLength(session) !== Number(bytes) || session[0] !== '{') return undefined;
  const record = { session, expiresAt: expires === '-' ? null : Number(expires), etag, history };
  return isRecord(record) ? record : undefined;
}
