import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './server'

/** A fenced block of a document: ```` ```<language> <mark>... ````. */
export interface Block {
  file: string
  line: number
  language: string
  marks: string[]
  text: string
  /** What the comment in the line before says: `<!-- with: ... -->`. */
  given: string
}

/** Every tracked document and those about to be added. */
export function documents(): string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: repository, encoding: 'utf8' })
    .trim()
    .split('\n')
}

export function blocksOf(file: string): Block[] {
  const lines = readFileSync(join(repository, file), 'utf8').split('\n')
  const blocks: Block[] = []
  let open: Block | undefined
  lines.forEach((line, index) => {
    const fence = /^\s*```(.*)$/.exec(line)
    if (!fence) {
      if (open) open.text += `${line}\n`
    } else if (open) {
      blocks.push(open)
      open = undefined
    } else {
      const [language = '', ...marks] = (fence[1] ?? '').trim().split(/\s+/)
      const given = /^<!-- with: (.*) -->$/.exec(lines[index - 1] ?? '')?.[1] ?? ''
      open = { file, line: index + 1, language, marks, text: '', given }
    }
  })
  if (open) throw new Error(`${file}: a fenced block does not end`)
  return blocks
}

/** The JSON values that a block holds one after the other; throws on anything else. */
export function jsonValues(text: string): unknown[] {
  const values: unknown[] = []
  let pending = ''
  for (const line of text.split('\n')) {
    pending += `${line}\n`
    try {
      values.push(JSON.parse(pending))
      pending = ''
    } catch {
      // The value goes on in the next line.
    }
  }
  if (pending.trim() !== '') throw new Error(`not JSON: ${pending.trim().slice(0, 120)}`)
  return values
}
