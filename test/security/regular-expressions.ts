import ts from 'typescript'
import type { Sources } from '../helpers/imports.js'

/** A regular expression of a module, as it is written there. */
export interface Written {
  readonly path: string
  /** Undefined for one that is made at run time. */
  readonly regex: RegExp | undefined
  readonly text: string
}

/** Every regular expression in these modules: literals, and what is made by `RegExp`. */
export function regularExpressionsIn (sources: Sources): Written[] {
  return [...sources].flatMap(([path, source]) => {
    const found: Written[] = []
    const visit = (node: ts.Node): void => {
      const text = node.getText()
      if (ts.isRegularExpressionLiteral(node)) {
        const end = text.lastIndexOf('/')
        found.push({ path, text, regex: new RegExp(text.slice(1, end), text.slice(end + 1)) })
      } else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp') {
        found.push({ path, text, regex: undefined })
      }
      ts.forEachChild(node, visit)
    }
    ts.forEachChild(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true), visit)
    return found
  })
}

const CHARACTERS = ['a', 'A', '0', '-', ' ', '\n', '\r', '/', ':', '#', '~', '+', '{', '\uD800', '\u00E9']

/**
 * Texts of a length that make a backtracking engine try again and again, if anything does: what the expression is made of,
 * repeated, alone and by twos, behind what it may begin with, and before what it can't end with.
 */
export function * adversaries ({ source }: RegExp, length: number): Generator<string> {
  const words = [...new Set(source.replaceAll(/\\(.)/g, '$1').match(/[\w+:#~/ -]+/g) ?? [])]
  const atoms = [...new Set([...CHARACTERS, ...words])]
  const units = [...atoms, ...words.flatMap(word => [`${word} `, `${word}a`, `${word}/`, ` ${word}`])]
  for (const begin of ['', ...words]) {
    for (const unit of units) {
      const body = unit.repeat(Math.ceil(length / unit.length))
      for (const end of ['', '!', '\0']) yield begin + body + end
    }
  }
}
