const listeners = new Set()

/** Shows how many generators run on the server, by route. */
export function showGenerators (counts) {
  for (const row of document.querySelectorAll('#generators [data-route]')) {
    const count = counts[row.dataset.route] ?? { running: 0, started: 0 }
    row.classList.toggle('running', count.running > 0)
    for (const cell of row.querySelectorAll('[data-count]')) cell.textContent = count[cell.dataset.count]
  }
  for (const listener of listeners) listener(counts)
}

/** Resolves when the server says that no generator of this route runs any more. */
export function allEnded (route) {
  return new Promise(resolve => {
    const listener = counts => {
      if (counts[route]?.running !== 0) return
      listeners.delete(listener)
      resolve()
    }
    listeners.add(listener)
  })
}
