import { medianColumn, spreadColumn } from '../report.js'

export const rate = round => 1e9 / round.nanoseconds.whole
export const unit = 'events per CPU second'

const nanoseconds = value => `${Math.round(value).toLocaleString('en')} ns`
const step = (heading, name) => medianColumn(heading, round => round.nanoseconds[name], nanoseconds)

/** @type {import('../report.js').Column[]} */
export const columns = [
  medianColumn('frame', round => round.bytes, value => `${Math.round(value).toLocaleString('en')} B`),
  step('check', 'check'),
  step('serialize', 'serialize'),
  step('check and serialize', 'encode'),
  step('to bytes', 'frame'),
  step('all of it', 'whole'),
  spreadColumn(rate),
  step('by hand, unchecked', 'byHand'),
  medianColumn('ratio', round => round.nanoseconds.byHand / round.nanoseconds.whole, value => `**${value.toFixed(2)}**`)
]
