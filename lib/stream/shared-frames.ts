import type { Frames } from './frame-source.js'

/** CR and LF, after the length of a chunk and after its bytes. */
const LINE_END_BYTES = 2

/**
 * Encodes frames once, for all who get them: every subscriber is to be handed the same object.
 *
 * @param text The frames, joined. Not empty.
 * @param events Events among them.
 */
export function shareFrames (text: string, events: number): Frames {
  const frames = emptyFrames(Buffer.byteLength(text), events)
  frames.bytes.write(text)
  return frames
}

/**
 * Room for frames, to be filled. Their bytes lie inside the chunk of HTTP/1.1 that carries them, so the framing is made
 * once as well and costs no copy.
 *
 * @param length Of the bytes. Above 0: a chunk of 0 would end the body.
 */
export function emptyFrames (length: number, events: number): Frames {
  const digits = length.toString(16)
  const start = digits.length + LINE_END_BYTES
  const chunk = Buffer.allocUnsafe(start + length + LINE_END_BYTES)
  chunk.write(`${digits}\r\n`, 'latin1')
  chunk.write('\r\n', start + length, 'latin1')
  return { bytes: chunk.subarray(start, start + length), chunk, events }
}
