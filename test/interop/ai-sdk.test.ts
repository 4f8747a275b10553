import { once } from 'node:events'
import { DefaultChatTransport, readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai'
import t, { type Test } from 'tap'
import { deferred } from '../helpers/deferred.js'
import { type Recipe, runRecipe } from './recipes.js'

type Answer = (prompt: string, signal: AbortSignal) => AsyncGenerator<string>
type Program = Recipe<{ model: { answer: Answer } }>

const hello: UIMessage = { id: 'question', role: 'user', parts: [{ type: 'text', text: 'hello' }] }

/** Asks as `useChat` does. */
async function ask (t: Test, answer?: Answer, abortSignal?: AbortSignal): Promise<{ program: Program, chunks: ReadableStream<UIMessageChunk> }> {
  const program = await runRecipe<{ model: { answer: Answer } }>(t, 'AI SDK')
  if (answer !== undefined) program.model.answer = answer
  const transport = new DefaultChatTransport({ api: `${program.url}/api/chat` })
  const chunks = await transport.sendMessages({ trigger: 'submit-message', chatId: 'chat', messageId: undefined, messages: [hello], abortSignal })
  return { program, chunks }
}

t.test('the response says which protocol it speaks', async t => {
  const { app } = await runRecipe(t, 'AI SDK')
  const { headers, body } = await app.inject({ method: 'POST', url: '/api/chat', payload: { messages: [hello] } })
  t.equal(headers['x-vercel-ai-ui-message-stream'], 'v1')
  t.equal(headers['content-type'], 'text/event-stream')
  t.equal(body, `retry: 2000\n${[
    '{"type":"start","messageId":"req-1"}',
    '{"type":"text-start","id":"text"}',
    '{"type":"text-delta","id":"text","delta":"You"}',
    '{"type":"text-delta","id":"text","delta":" said: "}',
    '{"type":"text-delta","id":"text","delta":"hello"}',
    '{"type":"text-end","id":"text"}',
    '{"type":"finish"}',
    '[DONE]'
  ].map(data => `data: ${data}\n\n`).join('')}`)
})

t.test("the AI SDK's transport gets the parts", async t => {
  const { chunks } = await ask(t)
  t.strictSame((await collect(chunks)).map(({ type }) => type), ['start', 'text-start', 'text-delta', 'text-delta', 'text-delta', 'text-end', 'finish'])
})

t.test('the AI SDK shows the message as it grows', async t => {
  const { chunks } = await ask(t)
  const messages = await collect(readUIMessageStream({ stream: chunks }))
  const texts = messages.map(({ parts }) => parts.map(part => part.type === 'text' ? part.text : '').join(''))
  t.strictSame([...new Set(texts)], ['', 'You', 'You said: ', 'You said: hello'])
  t.match(messages.at(-1), { id: 'req-1', role: 'assistant', parts: [{ type: 'text', text: 'You said: hello', state: 'done' }] })
})

t.test('an error in the middle of a message is told to the AI SDK, without its secrets', async t => {
  const { chunks } = await ask(t, async function * () {
    yield 'half'
    throw new Error('the password is 1234')
  })
  const errors: unknown[] = []
  const messages = await collect(readUIMessageStream({ stream: chunks, onError: error => { errors.push(error) } }))
  t.match(messages.at(-1), { parts: [{ type: 'text', text: 'half' }] })
  t.match(errors, [{ message: 'something went wrong' }])
})

t.test('who stops the message stops the model', async t => {
  const stopped = deferred<unknown>()
  const stopping = new AbortController()
  const { chunks } = await ask(t, async function * (_prompt, signal) {
    try {
      yield 'and so on'
      await once(signal, 'abort')
    } finally {
      stopped.resolve(signal.reason.code)
    }
  }, stopping.signal)
  const reader = chunks.getReader()
  for (let type; type !== 'text-delta';) type = (await reader.read()).value?.type
  stopping.abort()
  t.equal(await stopped.promise, 'FST_ERR_SSE_STREAM_CLOSED')
  await t.rejects(reader.read(), { name: 'AbortError' })
})

async function collect<Item> (items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = []
  for await (const item of items) collected.push(item)
  return collected
}
