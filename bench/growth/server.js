// A server of this directory, a process of its own: node bench/growth/server.js <module>
import { once } from 'node:events'
import { cpuMs } from '../cpu-time.js'

const [url] = process.argv.slice(2)
const { serve } = await import(url)
let cpuMsBefore = 0

const { server, path, until } = await serve()
server.listen(0, '127.0.0.1')
await once(server, 'listening')

process.on('message', message => { process.send(message.do === 'begin' ? begin() : end()) })
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port, path, until })

function begin () {
  cpuMsBefore = cpuMs()
  return {}
}

function end () {
  return { cpuMs: cpuMs() - cpuMsBefore }
}
