import { OutgoingMessage, ServerResponse } from 'node:http'

/** What a response inherits from Node.js: whoever puts something else in its place wants to see what is written. */
const { write } = OutgoingMessage.prototype

/** Whether what a response writes is what was written to it. */
export function isPlain (response: unknown): response is ServerResponse {
  return response instanceof ServerResponse && response.write === write
}

/** Whether the body of a response, whose head is out, goes out in chunks: then {@link writeChunk} is worth a try. */
export function isChunked (response: ServerResponse): boolean {
  // Not documented, but declared by @types/node. Where it is missing, all goes the ordinary way.
  return response.chunkedEncoding && response.req.method !== 'HEAD'
}

/**
 * Writes a chunk that was framed already to the socket of its response. `response.write` would frame it anew for everyone
 * who gets it, in four writes to a corked socket: a broadcast to 1,000 costs 12 % more CPU that way, and over TLS 16 %.
 *
 * @returns Whether there is room for more; if not, the response emits `drain`. Undefined when nothing was written, since
 * the response has to write it.
 */
export function writeChunk (response: ServerResponse, chunk: Buffer): boolean | undefined {
  const { socket } = response
  if (
    socket === null || // it has ended, or waits for another response on its connection to end
    !socket.writable ||
    response.writableEnded ||
    response.writableCorked !== 0 || // what was written before may still lie in the response
    response.writableLength !== socket.writableLength || // something does
    response.write !== write
  ) return undefined
  // What is larger than the high-water mark finds no room by itself, though the kernel may have taken all of it at once.
  if (socket.write(chunk) || socket.writableLength === 0) return true
  // The response emits `drain` only after a write of its own that found no room. The empty one sends nothing.
  return response.write('')
}
