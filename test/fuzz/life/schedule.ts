import fc from 'fast-check'
import type { Temper } from './source.js'

/** What a route answers with. Each has a route of its own. */
const KINDS = ['pull', 'final', 'told', 'aged', 'hooked', 'undeclared', 'sink', 'push', 'channel', 'plain', 'broken'] as const
type Kind = typeof KINDS[number]

/** Which connection. */
type Line = 0 | 1 | 2

/** One request. */
export interface Asked {
  kind: Kind
  /** On which connection: requests of one are sent ahead of the answers, or one after the other, as it happens. */
  line: Line
  method: 'GET' | 'POST' | 'HEAD'
  version: '1.1' | '1.0'
  accept: 'text/event-stream' | '*/*' | 'application/json' | undefined
  user: 'ann' | 'bob'
  comesBack: 'not' | 'with what it has' | 'with an older one' | 'with a forged one' | 'with the end'
  temper: Temper
}

export type Said = 'event' | 'large' | 'huge' | 'wrong' | 'comment' | 'final'

export type Step =
  | { do: 'open' | 'end' | 'fail', of: number }
  | { do: 'say', of: number, what: Said, times: number }
  | { do: 'send all', of: number, events: number, end: boolean }
  | { do: 'publish', what: Said, times: number }
  | { do: 'stall' | 'read' | 'sip', line: Line }
  | { do: 'leave', line: Line, how: 'close' | 'reset' | 'end', part: number }
  | { do: 'turn', times: number }
  | { do: 'wait', ms: number }
  | { do: 'let hooks go on' | 'drain' | 'close' }

export interface Schedule {
  /** Whether frames may take the fast ways. */
  fast: boolean
  asked: Asked[]
  steps: Step[]
  /** How all of it comes to its end. */
  end: 'sources end' | 'clients leave'
}

const line = fc.constantFrom<Line>(0, 1, 2)
const of = fc.nat({ max: 3 })

const temper: fc.Arbitrary<Temper> = fc.record({
  kind: fc.constantFrom('generator', 'sync', 'async'),
  catches: fc.boolean(),
  heeds: fc.boolean(),
  onReturn: fc.constantFrom('ends', 'ends', 'throws', 'rejects', 'hangs', 'missing'),
  hasThrow: fc.boolean()
})

/** The first of a list is what a counterexample shrinks to, and what is usual comes more often. */
const usually = <Value> (usual: Value, ...others: Value[]): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(usual, ...others) })

const asked: fc.Arbitrary<Asked> = fc.record({
  kind: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...KINDS) }, { weight: 2, arbitrary: fc.constant<Kind>('channel') }),
  line,
  method: usually<Asked['method']>('GET', 'POST', 'HEAD'),
  version: usually<Asked['version']>('1.1', '1.0'),
  accept: usually<Asked['accept']>('text/event-stream', '*/*', 'application/json', undefined),
  user: fc.constantFrom('ann', 'bob'),
  comesBack: usually<Asked['comesBack']>('not', 'with what it has', 'with an older one', 'with an older one', 'with a forged one', 'with the end'),
  temper
})

const what = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Said>('event') },
  { weight: 4, arbitrary: fc.constantFrom<Said>('large', 'wrong', 'comment', 'final') },
  { weight: 1, arbitrary: fc.constant<Said>('huge') }
)

const said = fc.record({ do: fc.constant('say' as const), of, what, times: fc.integer({ min: 1, max: 4 }) })
const published = fc.record({ do: fc.constant('publish' as const), what: usually<Said>('event', 'large', 'wrong', 'final'), times: fc.integer({ min: 1, max: 12 }) })
const turn = fc.record({ do: fc.constant('turn' as const), times: fc.integer({ min: 1, max: 4 }) })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ do: fc.constant('open' as const), of }) },
  { weight: 24, arbitrary: said },
  { weight: 14, arbitrary: turn },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'fail' as const), of }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send all' as const), of, events: fc.nat({ max: 5 }), end: fc.boolean() }) },
  { weight: 8, arbitrary: published },
  { weight: 12, arbitrary: fc.record({ do: fc.constantFrom('stall' as const, 'read' as const, 'sip' as const), line }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('leave' as const), line, how: fc.constantFrom('close', 'reset', 'end'), part: fc.constantFrom(0, 0.3, 0.9) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 600, 2_500, 9_000, 40_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('let hooks go on' as const) }) }
)

/** What chance alone would seldom put together: more comes to a client that does not read than its connection takes, and more behind it. */
const press: fc.Arbitrary<Step[]> = fc.tuple(
  fc.record({ do: fc.constant('stall' as const), line }), fc.oneof(said, published).map(step => ({ ...step, what: 'large' as const, times: 2 })), turn,
  fc.oneof(said, published), turn, fc.record({ do: fc.constantFrom('sip' as const, 'read' as const), line }), fc.oneof(said, published)
)

/** These use the app up: another one takes 20 times as long as a schedule. */
const lastStep: fc.Arbitrary<Step> = fc.record({ do: fc.constantFrom('drain' as const, 'close' as const) })

const life = {
  fast: fc.boolean(),
  asked: fc.array(asked, { minLength: 1, maxLength: 4, size: 'max' }),
  end: fc.constantFrom('sources end' as const, 'clients leave' as const)
}

const steps = fc.array(fc.oneof({ weight: 19, arbitrary: step.map(step => [step]) }, { weight: 1, arbitrary: press }), { minLength: 1, maxLength: 24, size: 'max' }).map(parts => parts.flat())

export const schedule: fc.Arbitrary<Schedule> = fc.oneof(
  { weight: 59, arbitrary: fc.record({ ...life, steps }) },
  {
    weight: 1,
    arbitrary: fc.record({ ...life, steps: fc.tuple(steps, lastStep, steps).map(([before, last, after]) => [...before, last, ...after]) })
  }
)
