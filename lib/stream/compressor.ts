import type { Transform } from 'node:stream'
import type { Frames } from './frame-source.js'
import { emptyFrames } from './shared-frames.js'

/**
 * What node:zlib's own synchronous functions use of a stream. It is not documented, though the same since Node.js 11, so
 * it is tried before it is relied on: see `works` of encoders.ts.
 */
interface Engine extends Transform {
  readonly _handle: {
    readonly writeSync: (flush: number, input: Buffer, inputStart: number, inputLength: number, output: Buffer, outputStart: number, outputLength: number) => void
  }
  /** After a write: how much of the output is free, and how much of the input is left. */
  readonly _writeState: readonly [outputLeft: number, inputLeft: number]
}

/** How to use an engine. */
export interface Flushing {
  /** Hands on all that was written, so that the other side can read it. */
  readonly flush: number
  /** The same, and ends the body. */
  readonly end: number
}

const NOTHING = Buffer.alloc(0)

/** Where all streams compress to, one after the other. What comes out is copied from here. */
const output = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * Compresses one stream. All that is written comes out at once, so no event waits for the next.
 */
export class Compressor {
  #engine: Engine | undefined
  readonly #flushing: Flushing

  /** @param engine One of node:zlib, of which nothing was made yet. */
  constructor (engine: Transform, flushing: Flushing) {
    this.#engine = engine as Engine
    // Whoever writes is told of an error; unheard, it would end the process.
    engine.on('error', () => {})
    this.#flushing = flushing
  }

  /** @throws What the engine has failed with. Nothing can be written any more then. */
  compress (bytes: Buffer): Frames {
    return this.#write(bytes, this.#flushing.flush)
  }

  /** Ends the body, and frees the engine. @returns What the body still lacks, at the first call. */
  end (): Frames | undefined {
    if (this.#engine === undefined) return undefined
    const rest = this.#write(NOTHING, this.#flushing.end)
    this.close()
    return rest
  }

  /** Frees the engine: its memory is not V8's, and garbage would keep it for long. Idempotent. */
  close (): void {
    this.#engine?.destroy()
    this.#engine = undefined
  }

  #write (input: Buffer, flush: number): Frames {
    const engine = this.#engine as Engine
    const full: Buffer[] = []
    let inputLeft = input.length
    for (;;) {
      engine._handle.writeSync(flush, input, input.length - inputLeft, inputLeft, output, 0, output.length)
      if (engine.errored !== null) throw engine.errored
      const [outputLeft, left] = engine._writeState
      if (outputLeft > 0) return join(full, output.length - outputLeft)
      full.push(Buffer.from(output))
      inputLeft = left
    }
  }
}

/** Frames of outputs that were filled, and of a part of the last. */
function join (full: readonly Buffer[], length: number): Frames {
  const frames = emptyFrames(full.length * output.length + length, 0)
  for (const [i, part] of full.entries()) part.copy(frames.bytes, i * output.length)
  output.copy(frames.bytes, full.length * output.length, 0, length)
  return frames
}
