import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * @typedef {object} Contestant
 * @property {string} url
 * @property {string} name
 * @property {string} title
 * @property {string[]} packages
 * @property {string | undefined} absence Why it can't take part on this machine.
 */

/**
 * Those of the directory that take part in a workload, and others by their files.
 *
 * @param {object} wanted
 * @param {string} [wanted.directory] Beside this file.
 * @param {string} wanted.kind Of the workload, which those name who are programs by themselves.
 * @param {string} wanted.entry The function that all others have who take part.
 * @param {string[] | undefined} wanted.only Names of those of the directory. Default: all.
 * @param {string[]} wanted.others Files.
 * @returns {Promise<Contestant[]>}
 */
export async function findContestants ({ directory = 'contestants', kind, entry, only, others }) {
  const base = new URL(`${directory}/`, import.meta.url)
  const files = readdirSync(base).filter(file => file.endsWith('.js')).sort()
  const loaded = await Promise.all(files.map(file => load(new URL(file, base).href, '')))
  const own = loaded.filter(({ module }) => entry in module || module.kinds?.includes(kind))
  for (const wanted of only ?? []) {
    const names = own.map(({ name }) => name)
    if (!names.includes(wanted)) throw new Error(`--only knows ${names.join(', ')}; instead got '${wanted}'`)
  }
  return [
    ...own.filter(({ name }) => only?.includes(name) ?? true),
    ...await Promise.all(others.map(file => load(pathToFileURL(file).href, ` (${file})`)))
  ].map(({ url, name, module: { title, packages, absence }, suffix }) => (
    { url, name: name + suffix, title: title + suffix, packages, absence: absence?.() }
  ))
}

async function load (url, suffix) {
  return { url, name: basename(url, '.js'), suffix, module: await import(url) }
}
