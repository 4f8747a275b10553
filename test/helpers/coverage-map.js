import { existsSync } from 'node:fs'

// These start programs that another compiler compiles. Their positions, merged with tap's, would make nonsense of both.
const NOT_COUNTED = /^test\/(?:examples\/|brokers\/docs\.|deploy\/(?:docs|black-hole)\.|testing\/(?:docs|runners)\.)/

/**
 * Which files of lib/ a test covers: the file that it mirrors, so that each is covered by its own test and one test
 * can be run alone; a test that mirrors none is about the whole and covers whatever it runs.
 *
 * @param {string} test relative to the project, as tap gives it
 */
export default function coverageMap (test) {
  if (NOT_COUNTED.test(test)) return null
  const mirrored = test.replace(/^test\//, 'lib/').replace(/\.test\.ts$/, '.ts')
  return existsSync(mirrored) ? [mirrored] : ['lib/**/*.ts']
}
