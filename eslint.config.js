import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  {
    // A library logs through the server's logger, or not at all.
    files: ['lib/**', 'types/**'],
    rules: { 'no-console': 'error' }
  }
]
