// Draws the results of runs: node bench/plot.js docs/performance.svg results.json…, where each was written by
// `npm run bench -- --json`. Each workload in which node:http takes part has a panel.
import { readFileSync, writeFileSync } from 'node:fs'
import { draw } from './plot/draw.js'
import { panelsOf } from './plot/panels.js'

const [target, ...files] = process.argv.slice(2)
if (target === undefined || files.length === 0) throw new Error('there should be a file to write and results to read: plot.js performance.svg results.json…')

const outputs = files.map(file => JSON.parse(readFileSync(file, 'utf8')))
const runs = await Promise.all(outputs.flatMap(({ runs }) => runs).map(async run => ({ ...run, rate: await rateOf(run.workload) })))
const panels = panelsOf(runs)
if (panels.length === 0) throw new Error('there should be a result of node:http to compare with')
writeFileSync(target, draw(panels, outputs.map(({ conditions }) => conditions)))

async function rateOf (name) {
  const workload = await import(`./workloads/${name}.js`)
  const { rate } = workload.columns === undefined ? await import(`./${workload.kind}/columns.js`) : workload
  return rate
}
