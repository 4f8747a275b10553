import { readFileSync } from 'node:fs'

/** The code blocks of a Markdown file in one language, in their order. */
export function codeBlocks (file: URL, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')
  return [...readFileSync(file, 'utf8').matchAll(fence)].map(([, code = '']) => code)
}
