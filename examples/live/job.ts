import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { eventStream } from 'fastify-typed-sse'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress } from 'node:zlib'
import { enter } from './generators.js'

/** The folder that is compressed: the installed copy of Fastify, some hundreds of files. */
const FOLDER = fileURLToPath(new URL('../../node_modules/fastify/', import.meta.url))

const compress = promisify(brotliCompress)

const Totals = Type.Object({
  files: Type.Integer(),
  originalBytes: Type.Integer(),
  compressedBytes: Type.Integer()
})

export const job = eventStream({
  progress: Type.Object({ file: Type.String(), ofFiles: Type.Integer(), totals: Totals }),
  done: Type.Object({ totals: Totals, durationMs: Type.Number() })
}, {
  final: ['done'],
  description: 'Compresses a folder with Brotli, file by file'
})

const { progress, done } = job.event

/** A job that ends: after its final event no browser comes back to run it again. */
export const jobRoute: FastifyPluginAsyncTypebox = async app => {
  app.get('/job', {
    schema: { response: { 200: job } }
  }, async function * () {
    const leave = enter('job')
    try {
      const startedAtMs = performance.now()
      const totals = { files: 0, originalBytes: 0, compressedBytes: 0 }
      const files = await listFiles(FOLDER)
      for (const file of files) {
        const content = await readFile(join(FOLDER, file))
        totals.files++
        totals.originalBytes += content.length
        totals.compressedBytes += (await compress(content)).length
        yield progress({ file, ofFiles: files.length, totals })
      }
      yield done({ totals, durationMs: performance.now() - startedAtMs })
    } finally {
      leave()
    }
  })
}

async function listFiles (folder: string): Promise<string[]> {
  const files = []
  for (const path of await readdir(folder, { recursive: true })) {
    if ((await stat(join(folder, path))).isFile()) files.push(path)
  }
  return files
}
