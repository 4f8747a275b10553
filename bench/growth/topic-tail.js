// The same where they are subscribed to one of ten topics: the last event alone is for them.
import { comingBackUs, serveHistory, topicOf } from './coming-back.js'

export { unit } from './tail.js'

const size = Number(new URL(import.meta.url).searchParams.get('size'))

export const serve = async () => await serveHistory(size, [topicOf(0)])

/** @param {number} size */
export const measureUnit = async (size, run) => await comingBackUs(1, run)
