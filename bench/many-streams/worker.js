// One of the processes that share a port, started by ../many/primary.js: streams of their own, one after the other.
import { oneStream } from '../contestants/typed-sse-declared.js'
import { cpuMs } from '../cpu-time.js'
import { task } from '../workloads/one-stream.js'

let cpuMsBefore = 0
let streams = 0

const server = await oneStream(task)
server.on('request', () => { streams++ })
server.listen({ port: 0, host: '127.0.0.1' })

const answers = { begin, end }
process.on('message', message => { process.send(answers[message.do]()) })

function begin () {
  cpuMsBefore = cpuMs()
  streams = 0
  return {}
}

function end () {
  return { cpuMs: cpuMs() - cpuMsBefore, streams }
}
