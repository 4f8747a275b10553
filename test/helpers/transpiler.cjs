// Compiles for tap what it did not compile before: 250 test files load the same 180 of lib/, each in a process of its own,
// and compiling them takes most of the time of most of them. What comes out is TypeScript's, whoever asks.
// https://typestrong.org/ts-node/docs/transpilers#third-party-transpilers
const { createHash } = require('node:crypto')
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { threadId } = require('node:worker_threads')
const { version } = require('typescript/package.json')

const DIRECTORY = join(__dirname, '../../node_modules/.cache/fastify-typed-sse/compiled')

/** Options are those of ts-node, for one kind of module each. */
exports.create = ({ service: { config }, nodeModuleEmitKind }) => {
  const compile = (code, fileName) => {
    const { transpileModule, ModuleKind } = require('typescript')
    const module = nodeModuleEmitKind === 'nodecjs' ? ModuleKind.CommonJS : ModuleKind.ESNext
    const { outputText, sourceMapText } = transpileModule(code, { fileName, compilerOptions: { ...config.options, module } })
    return { outputText, sourceMapText }
  }
  const salt = JSON.stringify([version, config.options, nodeModuleEmitKind])
  mkdirSync(DIRECTORY, { recursive: true })
  return {
    transpile (code, { fileName }) {
      const file = join(DIRECTORY, createHash('sha256').update(`${salt}\n${fileName}\n${code}`).digest('hex'))
      const kept = read(file)
      if (kept !== undefined) return kept
      const output = compile(code, fileName)
      // Whole or not at all: others read it at the same time.
      const draft = `${file}.${process.pid}.${threadId}`
      writeFileSync(draft, JSON.stringify(output))
      renameSync(draft, file)
      return output
    }
  }
}

function read (file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
