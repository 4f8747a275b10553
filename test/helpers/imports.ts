import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'

/** Sources by path from the project's root, with slashes: `lib/wire/frame.ts`. */
export type Sources = ReadonlyMap<string, string>

/** One import of a module: of another module of the project, by its path, or of a package, by its name. */
export interface Import {
  readonly target: string
  readonly inside: boolean
  /** Gone after compilation. `import { type X }` is not: it still loads the module (verbatimModuleSyntax). */
  readonly typeOnly: boolean
}

/** Reads every module in these folders; `.tst.ts` files are not modules but tests that never run. */
export function readSources (root: string, folders: readonly string[]): Sources {
  const paths = folders.flatMap(folder => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map(path => posix.join(folder, path.replaceAll('\\', '/')))
    .filter(path => /\.[jt]s$/.test(path) && !path.endsWith('.tst.ts')))
  return new Map(paths.sort().map(path => [path, readFileSync(join(root, path), 'utf8')]))
}

/** Every import, export from, import() and import type of a module. */
export function importsOf (path: string, sources: Sources): Import[] {
  const source = ts.createSourceFile(path, sources.get(path) ?? '', ts.ScriptTarget.Latest)
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) found.push(resolve(path, specifier.text, typeOnly, sources))
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly)
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true)
    } else if (ts.isCallExpression(node) && loads(node.expression)) {
      add(node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Whether anything of a module is left at run time; coverage can't see a module of types. */
export function runs (source: string): boolean {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true, verbatimModuleSyntax: true }
  })
  return outputText.trim() !== 'export {};'
}

/** import(), require(), and tap's t.mockImport(). */
function loads (callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(callee) && callee.text === 'require') ||
    (ts.isPropertyAccessExpression(callee) && callee.name.text === 'mockImport')
}

function resolve (from: string, specifier: string, typeOnly: boolean, sources: Sources): Import {
  if (!specifier.startsWith('.')) return { target: packageName(specifier), inside: false, typeOnly }
  const path = posix.join(posix.dirname(from), specifier)
  const source = path.replace(/\.js$/, '.ts')
  return { target: sources.has(source) ? source : path, inside: true, typeOnly }
}

function packageName (specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
