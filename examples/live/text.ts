import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { eventStream } from 'fastify-typed-sse'
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { enter } from './generators.js'

/** Where the texts are: the files of this repository. */
const FOLDER = new URL('../../', import.meta.url)

export const text = eventStream({
  start: Type.Object({ words: Type.Integer() }),
  word: Type.Object({ text: Type.String() }),
  done: Type.Null()
}, {
  final: ['done'],
  description: 'A text, word by word'
})

const { start, word, done } = text.event

/** An answer to a POST that appears while it is made, as from a language model; whoever leaves stops it. */
export const textRoute: FastifyPluginAsyncTypebox = async app => {
  app.post('/text', {
    schema: {
      body: Type.Object({
        file: Type.Union([Type.Literal('README.md'), Type.Literal('CHANGELOG.md'), Type.Literal('LICENSE')]),
        wordsPerMinute: Type.Integer({ minimum: 60, maximum: 6000 })
      }),
      response: { 200: text }
    }
  }, async function * (request, reply) {
    const leave = enter('text')
    try {
      const { file, wordsPerMinute } = request.body
      const { signal } = reply.sse
      const words = (await readFile(new URL(file, FOLDER), 'utf8')).match(/\s*\S+/g) ?? []
      yield start({ words: words.length })
      for (const next of words) {
        // With the signal, so that even the pause ends when the reader leaves.
        await setTimeout(60_000 / wordsPerMinute, undefined, { signal })
        yield word({ text: next })
      }
      yield done()
    } finally {
      leave()
    }
  })
}
