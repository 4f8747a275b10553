import { Type } from '@fastify/type-provider-typebox'
import { eventStream } from 'fastify-typed-sse'

/** The instances. */
export const NAMES = ['alder', 'birch', 'cedar'] as const
export type InstanceName = typeof NAMES[number]

const Name = Type.Union([Type.Literal('alder'), Type.Literal('birch'), Type.Literal('cedar')])

const Count = Type.Integer({ minimum: 0 })
const Time = Type.Integer({ description: 'Milliseconds since 1970' })
const Run = Type.Integer({ description: 'When this process of the instance was started, in milliseconds since 1970' })

export const beats = eventStream({
  beat: Type.Object({
    from: Name,
    run: Run,
    number: Type.Integer({ description: 'They count from 1 in each run, and none is left out', minimum: 1 }),
    at: Time
  })
}, { description: 'What all instances publish, some of it every second' })

export const states = eventStream({
  state: Type.Object({ name: Name, pid: Count, run: Run, at: Time, subscribers: Count }),
  left: Type.Object({ name: Name })
}, { description: 'How each instance is. One that says nothing for some seconds is dead, one that was stopped says so' })

export const orders = eventStream({
  kill: Type.Object({ pid: Count })
}, { description: 'What one instance asks of all: the right one obeys' })

export const live = eventStream({
  connected: Type.Object({ name: Name, pid: Count, run: Run, at: Time }),
  ...beats.schemas,
  ...states.schemas
}, { description: 'Which instance serves this stream, what all of them publish, and how they are' })
