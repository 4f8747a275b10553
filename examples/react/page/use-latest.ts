import { useEffect, useState } from 'react'
import { type ClientState, connect, type DeclaredStream, type ReceivedEvents } from 'fastify-typed-sse/client'

/** The newest event of a stream, and what the stream is at: `closed` is for good, be it complete or refused. */
export function useLatest<Stream extends DeclaredStream> (url: string): [event: ReceivedEvents<Stream> | undefined, state: ClientState] {
  const [latest, setLatest] = useState<{ url: string, event: ReceivedEvents<Stream> }>()
  const [state, setState] = useState<ClientState>('connecting')
  useEffect(() => {
    const stream = connect<Stream>(url)
    setState(stream.state)
    const unwatch = stream.onState(setState)
    const read = async () => { for await (const event of stream) setLatest({ url, event }) }
    read().catch(() => {}) // the state tells it
    return () => { unwatch(); stream.close() }
  }, [url])
  return [latest?.url === url ? latest.event : undefined, state]
}
