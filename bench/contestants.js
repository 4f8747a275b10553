import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'

/** @typedef {{ url: string, name: string, title: string, packages: string[] }} Contestant */

/**
 * Those of the directory that take part in a workload, and others by their files.
 *
 * @param {object} wanted
 * @param {string} wanted.entry The function that those have who take part.
 * @param {string[] | undefined} wanted.only Names of those of the directory. Default: all.
 * @param {string[]} wanted.others Files.
 * @returns {Promise<Contestant[]>}
 */
export async function findContestants ({ entry, only, others }) {
  const directory = new URL('contestants/', import.meta.url)
  const files = readdirSync(directory).filter(file => file.endsWith('.js')).sort()
  const loaded = await Promise.all(files.map(file => load(new URL(file, directory).href, '')))
  const own = loaded.filter(({ module }) => entry in module)
  for (const wanted of only ?? []) {
    const names = own.map(({ name }) => name)
    if (!names.includes(wanted)) throw new Error(`--only knows ${names.join(', ')}; instead got '${wanted}'`)
  }
  return [
    ...own.filter(({ name }) => only?.includes(name) ?? true),
    ...await Promise.all(others.map(file => load(pathToFileURL(file).href, ` (${file})`)))
  ].map(({ url, name, module: { title, packages }, suffix }) => ({ url, name: name + suffix, title: title + suffix, packages }))
}

async function load (url, suffix) {
  return { url, name: basename(url, '.js'), suffix, module: await import(url) }
}
