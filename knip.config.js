export default {
  entry: [
    // The plugin for knip that reads package.json finds dist/, which is not there before a build.
    'lib/index.ts',
    'test/**/*.test.ts',
    'test/helpers/*.{js,ts}',
    'types/**/*.tst.ts',
    'scripts/*.js',
    'bench/**/*.{js,ts}',
    'examples/**/*.{js,ts}'
  ],
  project: ['{lib,types,test,scripts,bench,examples}/**/*.{js,ts}']
}
