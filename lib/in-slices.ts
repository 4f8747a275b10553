/**
 * Visits all items, some in each turn of the event loop, so that nobody else has to wait for long. What is deleted from its
 * set before its turn is not visited, what is added is.
 *
 * @param items A fresh iterator of them.
 * @param perTurn How many in one turn; the first ones at once.
 * @param onEnd Called when all were visited.
 */
export function inSlices<Of> (items: Iterator<Of, undefined>, perTurn: number, visit: (item: Of) => void, onEnd: () => void): void {
  const goOn = (): void => { inSlices(items, perTurn, visit, onEnd) }
  for (let room = perTurn; room > 0; room--) {
    const { done, value } = items.next()
    if (done === true) {
      onEnd()
      return
    }
    try {
      visit(value)
    } catch (error) {
      setImmediate(goOn) // the others are not to blame
      throw error
    }
  }
  setImmediate(goOn)
}
