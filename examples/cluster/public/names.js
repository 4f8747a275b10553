/** The servers, in the order in which they are shown. Their colors are in cluster.css. */
export const NAMES = ['alder', 'birch', 'cedar']

/** An element that says a server's name, in its color. */
export function nameTag (name, text = name) {
  const tag = document.createElement('span')
  tag.className = 'name'
  tag.dataset.server = name
  tag.textContent = text
  return tag
}
