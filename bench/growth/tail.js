// A channel with a full history, whose clients come back when they have missed its last ten events.
import { comingBackUs, serveHistory } from './coming-back.js'

export const unit = 'client, its connection included'

const size = Number(new URL(import.meta.url).searchParams.get('size'))

export const serve = async () => await serveHistory(size)

/** @param {number} size */
export const measureUnit = async (size, run) => await comingBackUs(10, run)
