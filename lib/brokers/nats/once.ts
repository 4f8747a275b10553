import { headers, type MsgHdrs } from '@nats-io/nats-core'

/** Makes the server store a message once. */
export function onlyOnce (key: string): MsgHdrs {
  const once = headers()
  once.set('Nats-Msg-Id', key)
  return once
}

/** Makes the server store a message as the first of all. */
export function onlyFirst (): MsgHdrs {
  const first = headers()
  first.set('Nats-Expected-Last-Sequence', '0')
  return first
}
