import type { SubscriberOptions, AnyRequest } from '../../types/channel.js'
import { joinIds } from './position.js'

/** What a channel says of its end. */
interface Positioned {
  readonly position: (subscriber?: AnyRequest | SubscriberOptions) => Promise<string>
}

/** The positions of several channels as one id, for a subscriber if one comes before them. */
export async function jointPosition (of: readonly unknown[]): Promise<string> {
  const [first, ...others] = of
  const subscriber = isPositioned(first) ? undefined : first as AnyRequest | SubscriberOptions
  const channels = (subscriber === undefined ? of : others) as readonly Positioned[]
  return joinIds(await Promise.all(channels.map(async channel => await channel.position(subscriber))))
}

function isPositioned (value: unknown): value is Positioned {
  return typeof (value as Partial<Positioned> | undefined)?.position === 'function'
}
