import { useEffect, useState } from 'react'
import { type ClientState, connect, type DeclaredStream, type ReceivedEvents } from 'fastify-typed-sse/client'

/** The newest event of a stream, and what the stream is at. */
export function useLatest<Stream extends DeclaredStream> (url: string): [event: ReceivedEvents<Stream> | undefined, state: ClientState] {
  const [event, setEvent] = useState<ReceivedEvents<Stream>>()
  const [state, setState] = useState<ClientState>('connecting')
  useEffect(() => {
    const stream = connect<Stream>(url)
    stream.onState(setState)
    void (async () => { for await (const next of stream) setEvent(next) })()
    return () => { stream.close() }
  }, [url])
  return [event, state]
}
