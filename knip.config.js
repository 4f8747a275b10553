export default {
  entry: [
    // The plugin for knip that reads package.json finds dist/, which is not there before a build.
    'lib/index.ts',
    'test/**/*.test.ts',
    'test/helpers/*.{js,ts}',
    'test/proof/fixtures/*.ts',
    'test/faults/fixtures/*.ts',
    'test/soak/fixtures/*.ts',
    'test/soak/run.ts',
    'test/soak/rolling/run.ts',
    'lib/inspector/page/main.ts',
    'types/**/*.tst.ts',
    'scripts/*.js',
    'scripts/fixtures/*',
    'bench/**/*.{js,ts}',
    'examples/**/*.{js,ts}'
  ],
  project: ['{lib,types,test,scripts,bench,examples}/**/*.{js,ts}'],
  // Found by its path, since its command line takes no part in imports; and resolved by programs of docs/.
  ignoreDependencies: ['@arethetypeswrong/cli', 'htmx.org', 'htmx-ext-sse', 'close-with-grace'],
  // The floor of the benchmarks is compiled, where there is a compiler.
  ignoreBinaries: ['cc'],
  // The plugin is the default export and has a name as well, for those who import by name.
  exclude: ['duplicates'],
  // Where the examples serve what their pages import.
  paths: {
    '/live-example/*': ['./examples/live/public/*'],
    '/modules/uplot/*': ['./node_modules/uplot/dist/*'],
    '/modules/client.js': ['./lib/client/connect.ts']
  }
}
