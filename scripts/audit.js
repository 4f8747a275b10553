// Asks the registry for known holes in what users of the package install. A registry that can't be asked is told, and is
// no failure: this runs where there is no network too.
import { spawnSync } from 'node:child_process'

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 60_000 })
const { vulnerabilities, message = 'no answer' } = parse(stdout)
if (vulnerabilities === undefined) {
  console.log(`not audited, since the registry can't be asked: ${message}`)
} else {
  const holes = Object.values(vulnerabilities)
  for (const { name, severity, range } of holes) console.log(`${name} ${range}: ${severity}`)
  console.log(`${holes.length} vulnerable dependencies`)
  if (holes.length > 0) process.exitCode = 1
}

/** @param {string} json */
function parse (json) {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
