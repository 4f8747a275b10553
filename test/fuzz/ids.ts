import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { plainIds } from '../../lib/channel/ids.js'
import { joinIds } from '../../lib/channel/position.js'
import { SignedIds } from '../../lib/channel/signed-ids.js'
import { MAX_ID_BYTES, readLastEventId, sendsLastEventId } from '../../lib/wire/last-event-id.js'
import type { Run } from './run.js'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.constantFrom('%', '%00', '%0A', '%C3%A4', '%FF', '+', '&', '=', '?', '~', '.', '\0', '\r', '\n', 'ä', '\uD83D', 'a.1', 'lastEventId=', '[]'), { maxLength: 12 }).map(parts => parts.join('')),
  fc.constantFrom('x'.repeat(1_024), 'x'.repeat(1_025), 'ä'.repeat(513))
)
const header = fc.oneof({ weight: 6, arbitrary: text }, { weight: 1, arbitrary: fc.constantFrom<string[] | undefined>(undefined, ['a', 'b'], []) })
const url = fc.oneof({ weight: 6, arbitrary: fc.tuple(text, text).map(([path, query]) => `/${path}?lastEventId=${query}`) }, { weight: 2, arbitrary: text }, { weight: 1, arbitrary: fc.constant(undefined) })

/** Whatever a client sends as its last event ID is one that an event can have had, or none; and what was given comes back. */
export async function readIds (run: Run): Promise<void> {
  fc.assert(fc.property(header, url, text, (header, url, given) => {
    const id = readLastEventId(header, url)
    if (id !== undefined) {
      ok(id !== '' && !/[\r\n\0]/.test(id) && id.isWellFormed() && Buffer.byteLength(id) <= MAX_ID_BYTES)
      ok(sendsLastEventId(header, url))
    }
    if (given === '' || /[\r\n\0]/.test(given) || !given.isWellFormed() || Buffer.byteLength(given) > MAX_ID_BYTES) return
    equal(readLastEventId(Buffer.from(given).toString('latin1'), undefined), given)
    equal(readLastEventId(undefined, `/?a=b&lastEventId=${encodeURIComponent(given)}`), given)
  }), run)
}

const SECRET = createSecretKey(Buffer.from('a secret that is longer than 32 bytes'))
const OLD_SECRET = createSecretKey(Buffer.from('an old one, just as long: 32 bytes or more'))
const OTHER_SECRET = createSecretKey(Buffer.from('nobody of us has ever had this one, has he?'))

const signing = new SignedIds({ channel: 'ticks', secrets: [SECRET, OLD_SECRET] })
const foreign = [
  new SignedIds({ channel: 'tocks', secrets: [SECRET] }).in('ann'),
  new SignedIds({ channel: 'ticks', secrets: [OTHER_SECRET] }).in('ann'),
  signing.in('bob'),
  signing.in(''),
  plainIds
]
const position = fc.record({ epoch: fc.constantFrom('life', 'life_2', 'other', '__proto__'), offset: fc.nat({ max: 50 }) })

/** What somebody may do to an id. */
const forgery = fc.oneof(
  fc.record({ at: fc.nat(), cut: fc.nat({ max: 3 }), put: fc.oneof(fc.constantFrom('', '~', '.', '0', '1', 'A', 'life.7', '_'), text) }).map(({ at, cut, put }) => (id: string) => {
    const start = at % (id.length + 1)
    return id.slice(0, start) + put + id.slice(start + cut)
  }),
  fc.constantFrom((id: string) => id.toUpperCase(), (id: string) => `${id}.`, (id: string) => `${id}=`, (id: string) => `${id}~${id}`, (id: string) => id.replace(/\.[^.]*$/, ''), (id: string) => id.replace(/\d+/, '0$&'))
)

/** An id resumes only where all of its part was signed for this very channel and scope; any other one says nothing, and nothing makes the reader throw. */
export async function forgeIds (run: Run): Promise<void> {
  const ann = signing.in('ann')
  const old = new SignedIds({ channel: 'ticks', secrets: [OLD_SECRET] }).in('ann')
  fc.assert(fc.property(fc.array(position, { minLength: 1, maxLength: 3 }), fc.nat({ max: 6 }), fc.array(forgery, { maxLength: 4 }), (positions, from, forgeries) => {
    const given = positions.map(position => (from === 0 ? ann : from === 1 ? old : foreign[from - 2] as typeof ann).format(position))
    const id = forgeries.reduce((id, forge) => forge(id), joinIds(given))
    // Those of others are not, whatever they look like.
    const own = from > 1 ? [] : id.split('~').filter(part => positions.some(position => part === ann.format(position) || part === old.format(position)))
    const found = ann.read(id, 'life_9')
    const alive = own.find(part => /^life(_|\.)/.test(part))
    deepStrictEqual(found.position === undefined ? undefined : `${found.position.epoch}.${found.position.offset}`, alive?.replace(/\.[^.]*$/, ''))
    equal(found.isOwn, own.length > 0)
    const plain = plainIds.read(id, 'life_9').position
    if (plain !== undefined) ok(/^life(_|$)/.test(plain.epoch) && Number.isSafeInteger(plain.offset) && plain.offset >= 0)
  }), run)
}
