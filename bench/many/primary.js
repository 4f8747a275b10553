// Starts the processes that share a port, and passes on what they are asked:
//   node bench/many/primary.js <processes> <program of each, beside this one> <its argument>
import cluster from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const [processes, program, ...args] = process.argv.slice(2)

cluster.setupPrimary({ exec: fileURLToPath(new URL(program, import.meta.url)), args })
const workers = Array.from({ length: Number(processes) }, () => cluster.fork())
// One that ends takes the measurement with it.
cluster.on('exit', (_worker, code, signal) => { throw new Error(`a worker ended with ${signal ?? code}`) })

const [[{ port }]] = await Promise.all(workers.map(worker => once(worker, 'listening')))

const answers = { publish, begin, end }
process.on('message', async message => { process.send(await answers[message.do](message)) })
process.on('disconnect', () => { process.exit() })
process.send({ port })

/** Each publishes in its turn. */
async function publish ({ i }) {
  return await ask(workers[i % workers.length], { do: 'publish', i })
}

async function begin () {
  await Promise.all(workers.map(worker => ask(worker, { do: 'begin' })))
  return {}
}

async function end () {
  return { workers: await Promise.all(workers.map(worker => ask(worker, { do: 'end' }))) }
}

async function ask (worker, message) {
  const answered = once(worker, 'message')
  worker.send(message)
  const [answer] = await answered
  return answer
}
