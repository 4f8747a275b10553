import type { Topic } from '../../types/channel.js'

/** Tells whether an event with a topic, or without one, is for someone who subscribed to these. */
export function topicFilter (topics: readonly Topic[] | undefined): (topic: string | undefined) => boolean {
  if (topics === undefined) return all
  const names = new Set(topics.filter(topic => typeof topic === 'string'))
  const prefixes = topics.flatMap(topic => typeof topic === 'string' ? [] : topic.prefix)
  return topic => topic !== undefined && (names.has(topic) || prefixes.some(prefix => topic.startsWith(prefix)))
}

function all (): boolean {
  return true
}
