import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  {
    // `void promise` as a statement says that nobody waits for it.
    rules: { 'no-void': ['error', { allowAsStatement: true }] }
  },
  {
    // A library logs through the server's logger, or not at all.
    files: ['lib/**', 'types/**'],
    rules: { 'no-console': 'error' }
  },
  {
    // An interface that is merged into one of Fastify's has to repeat all of its type parameters. The build knows that,
    // and finds what really is unused; TypeScript can't where other plugins merge into the same interfaces.
    files: ['types/**'],
    rules: { '@typescript-eslint/no-unused-vars': 'off' }
  },
  {
    // Made by scripts/build-inspector.js.
    ignores: ['lib/inspector/assets.ts']
  },
  {
    // The pages of the examples run in a browser.
    files: ['examples/*/public/**'],
    languageOptions: {
      globals: Object.fromEntries(
        ['EventSource', 'IntersectionObserver', 'Path2D', 'ResizeObserver', 'devicePixelRatio', 'getComputedStyle', 'location', 'matchMedia', 'requestAnimationFrame'].map(name => [name, 'readonly'])
      )
    }
  }
]
