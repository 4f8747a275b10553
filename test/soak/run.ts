import { execFileSync } from 'node:child_process'
import { findBinary } from '../helpers/services.js'
import { soakOptions } from './options.js'
import { ProgramLifetime } from './program-lifetime.js'
import { report } from './report.js'
import { soak } from './soak.js'
import { judge } from './verdict.js'

// Thousands of clients and all kinds of faults, for half an hour: npm run soak -- --minutes 30 --clients 5000 --rate 50 --seed 1

const options = soakOptions(process.argv.slice(2))
const redisServer = findBinary('redis-server')
if (redisServer === undefined) {
  console.log('not ok 1 - the soak needs redis-server, which is not installed (on Debian: apt install redis-server)')
  console.log('1..1\n# { total: 1, pass: 0, fail: 1 }')
  process.exit(1)
}
const [, redisVersion = 'of an unknown version'] = /v=(\S+)/.exec(execFileSync(redisServer, ['--version'], { encoding: 'utf8' })) ?? []

const lifetime = new ProgramLifetime()
console.log(`# npm run soak -- --minutes ${options.minutes} --clients ${options.clients} --rate ${options.rate} --seed ${options.seed}`)
try {
  const findings = await soak(lifetime, redisServer, options, line => { console.log(`# ${line}`) })
  const checks = judge(findings)
  console.log(`\n${report(findings, redisVersion)}\n\n${findings.crowd.problems.map(problem => `# ${problem}\n`).join('')}${checks.lines.join('\n')}`)
  if (!checks.isGood) process.exitCode = 1
} catch (error) {
  console.log(`not ok 1 - the soak runs to its end\n#   ${(error as Error).stack?.replaceAll('\n', '\n#   ')}`)
  console.log('1..1\n# { total: 1, pass: 0, fail: 1 }')
  process.exitCode = 1
} finally {
  await lifetime.end()
}
