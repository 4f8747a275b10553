/** An element of the page itself. */
export function byId<Element extends HTMLElement = HTMLElement> (id: string): Element {
  return document.getElementById(id) as Element
}

/** Makes an element. Whatever is put into it is text. */
export function element<Name extends keyof HTMLElementTagNameMap> (
  name: Name, className = '', ...children: Array<Node | string>
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

export function svg (name: string, attributes: Record<string, string | number> = {}): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value))
  return made
}

/** Touches nothing where nothing has changed: most of what is shown each second is as it was. */
export function setText (node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}
