// The floor beside the channel's subscribers: what grows here as well is the kernel and the processor's caches.
import { cpuPerDeliveryUs } from './deliveries.js'

export const unit = 'delivery'

/** @param {number} size */
export const measureUnit = async (size, run) => await cpuPerDeliveryUs('net', size, run)
