import { once } from 'node:events'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { deferred } from '../helpers/deferred.js'
import { type Recipe, runRecipe } from './recipes.js'

type Answer = (prompt: string, signal: AbortSignal) => AsyncGenerator<string>
type Program = Recipe<{ model: { answer: Answer } }>

const asking = { model: 'mine', messages: [{ role: 'user' as const, content: 'hello' }] }

async function start (t: Test, apiKey = 'secret'): Promise<{ openai: OpenAI, program: Program }> {
  const program = await runRecipe<{ model: { answer: Answer } }>(t, 'OpenAI')
  const { answer } = program.model
  t.teardown(() => { program.model.answer = answer })
  return { program, openai: new OpenAI({ baseURL: `${program.url}/v1`, apiKey, maxRetries: 0, timeout: 10_000 }) }
}

t.test("OpenAI's client gets a stream, chunk by chunk", async t => {
  const { openai } = await start(t)
  const stream = await openai.chat.completions.create({ ...asking, stream: true })
  const chunks = await collect(stream)
  t.strictSame(chunks.map(({ choices }) => [choices[0]?.delta.content, choices[0]?.finish_reason]), [
    ['You', null], [' said: ', null], ['hello', null], ['', 'stop']
  ])
  t.match(chunks[0], { object: 'chat.completion.chunk', model: 'mine', created: Number, id: /^chatcmpl-req-/ })
})

t.test("OpenAI's client puts a stream together", async t => {
  const { openai } = await start(t)
  const completion = await openai.chat.completions.stream(asking).finalChatCompletion()
  t.match(completion, { object: 'chat.completion', choices: [{ message: { role: 'assistant', content: 'You said: hello' }, finish_reason: 'stop' }] })
})

t.test("OpenAI's client gets a completion in one piece", async t => {
  const { openai } = await start(t)
  t.match(await openai.chat.completions.create(asking), {
    object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: 'You said: hello' }, finish_reason: 'stop' }]
  })
})

t.test("OpenAI's client tells the errors apart", async t => {
  const { openai, program } = await start(t)
  const badRequest = { status: 400, type: 'invalid_request_error', code: 'FST_ERR_VALIDATION', param: null }
  for (const stream of [true, false]) {
    const wrong = await failureOf(openai.chat.completions.create({ ...asking, messages: [], stream }))
    t.ok(wrong instanceof OpenAI.BadRequestError)
    t.match(wrong, badRequest)
  }

  const unknown = await failureOf(new OpenAI({ baseURL: `${program.url}/v1`, apiKey: 'wrong', maxRetries: 0 }).chat.completions.create(asking))
  t.ok(unknown instanceof OpenAI.AuthenticationError)
  t.match(unknown, { status: 401, code: 'invalid_api_key', message: '401 incorrect API key' })
})

t.test('an error before the first token has its status, streamed or not', async t => {
  const { openai, program } = await start(t)
  program.model.answer = async function * () { throw Object.assign(new Error('too much'), { statusCode: 429, code: 'rate_limit_exceeded' }) }
  for (const stream of [true, false]) {
    const error = await failureOf(openai.chat.completions.create({ ...asking, stream }))
    t.ok(error instanceof OpenAI.RateLimitError)
    t.match(error, { status: 429, code: 'rate_limit_exceeded', message: '429 too much' })
  }
})

t.test('an error in the middle of a stream is one of the API, and holds no secret', async t => {
  const { openai, program } = await start(t)
  program.model.answer = async function * () {
    yield 'half'
    throw new Error('the password is 1234')
  }
  const got: unknown[] = []
  const error = await failureOf((async () => {
    for await (const { choices } of await openai.chat.completions.create({ ...asking, stream: true })) got.push(choices[0]?.delta.content)
  })())
  t.strictSame(got, ['half'])
  t.ok(error instanceof OpenAI.APIError)
  t.match(error, { type: 'server_error', error: { message: 'something went wrong' } })
})

t.test('a client that leaves stops the model, streamed or not', async t => {
  for (const [how, leave] of Object.entries({
    abort: async (openai: OpenAI, running: Promise<unknown>) => {
      const stream = await openai.chat.completions.create({ ...asking, stream: true })
      await running
      stream.controller.abort()
    },
    break: async (openai: OpenAI) => {
      const stream = await openai.chat.completions.create({ ...asking, stream: true })
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'and') break
    },
    signal: async (openai: OpenAI, running: Promise<unknown>) => {
      const leaving = new AbortController()
      const whole = failureOf(openai.chat.completions.create(asking, { signal: leaving.signal }))
      await running
      leaving.abort()
      t.ok(await whole instanceof OpenAI.APIUserAbortError)
    }
  })) {
    t.test(`by ${how}`, async t => {
      const { openai, program } = await start(t)
      const [running, stopped] = [deferred(), deferred<unknown>()]
      program.model.answer = async function * (_prompt, signal) {
        try {
          yield 'and'
          yield 'so on'
          running.resolve()
          await once(signal, 'abort')
        } finally {
          stopped.resolve(signal.reason.code)
        }
      }
      await leave(openai, running.promise)
      t.equal(await stopped.promise, 'FST_ERR_SSE_STREAM_CLOSED')
    })
  }
})

async function collect<Item> (items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = []
  for await (const item of items) collected.push(item)
  return collected
}

async function failureOf (promise: PromiseLike<unknown>): Promise<unknown> {
  return await promise.then(() => undefined, (error: unknown) => error)
}
