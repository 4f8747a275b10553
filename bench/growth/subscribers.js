import { cpuPerDeliveryUs } from './deliveries.js'

export const unit = 'delivery'

/** @param {number} size */
export const measureUnit = async (size, run) => await cpuPerDeliveryUs('typed-sse-channel', size, run)
