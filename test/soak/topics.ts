/** Topics of the channel that nearly everybody reads. */
export const TOPICS = 40

/** Topics that each of them reads. */
export const TOPICS_EACH = 4

/** What is published there. */
export const tickTopics = Array.from({ length: TOPICS }, (_, i) => topicName(i))

/** Of the channel whose events are large, for those who are to be ended: its readers get them all. */
export const bulkTopics = Array.from({ length: 10 }, (_, i) => `bulk-${i}`)

export function topicName (i: number): string {
  return `topic-${i}`
}
