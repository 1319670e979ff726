// What the documents show holds. A fenced block says what it is, and that is what is done with it:
//
//   text       a picture; nothing is done
//   json       values; those of protocol/ are messages and fit the schemas (`json bad`: they do not, on purpose)
//   toml       a configuration that the server takes
//   ts         typechecked against the built client; `<!-- with: declare const ... -->` above gives what it uses
//   js         a program; docs.test.ts runs it
//   sh         commands: programs, scripts, targets and options exist; `sh run`: they are run, beside a `tidewire dev`
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { binary, repository } from '../src'
import { type Block, blocksOf, documents, jsonValues } from '../src/documents'
import { messageFaults } from '../src/schemas'

const blocks = documents().flatMap(blocksOf)
const of = (language: string) => blocks.filter((block) => block.language === language)
const where = ({ file, line }: Block) => `${file}:${line}`
const named = (list: Block[]) => list.map((block) => [where(block), block] as const)

/** Runs and returns what is printed on both streams, whatever the exit code. */
function printed(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (failed) {
    const { stdout = '', stderr = '' } = failed as { stdout?: string; stderr?: string }
    return stdout + stderr
  }
}

/** The commands of a block, continued lines joined, comments cut off, split at && and |. */
function commandsOf(text: string): string[][] {
  return text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => line.split(/&&|\|/))
    .map((command) => (command.match(/'[^']*'|"[^"]*"|\$\([^)]*\)|\S+/g) ?? []).filter((word) => !/^[A-Z_]+=/.test(word)))
    .filter((words) => words.length > 0)
}

function npmScriptExists(words: string[]): boolean {
  const script = words.slice(words.indexOf('run') + 1).find((word) => !word.startsWith('-')) ?? ''
  const workspace = words.includes('-w') ? words[words.indexOf('-w') + 1] : undefined
  const files = execFileSync('git', ['ls-files', '*package.json'], { cwd: repository, encoding: 'utf8' }).trim().split('\n')
  const packages = files.map((file) => JSON.parse(readFileSync(join(repository, file), 'utf8')) as { name: string; scripts?: Record<string, string> })
  return packages.some(({ name, scripts = {} }) => (workspace === undefined || name === workspace) && (script === '' || script in scripts))
}

/** What is wrong with a command of a document; nothing when it could be typed. */
function commandFault(words: string[]): string | undefined {
  if (words[0] === 'env') words = words.slice(1).filter((word) => !word.startsWith('$('))
  const [program = '', ...rest] = words
  const options = rest.filter((word) => /^--[a-z]/.test(word)).map((word) => word.replace(/=.*/, ''))
  if (program === 'npm') {
    const scripted = rest[0] === 'test' ? ['run', ...rest] : rest
    return scripted[0] !== 'run' || npmScriptExists(scripted) ? undefined : `no such script: ${words.join(' ')}`
  }
  if (program === 'make') {
    const missing = rest.filter((word) => /^[a-z-]+$/.test(word)).find((target) => !new RegExp(`^[a-z -]*\\b${target}( |:)`, 'm').test(readFileSync(join(repository, 'Makefile'), 'utf8')))
    return missing === undefined ? undefined : `the Makefile has no target ${missing}`
  }
  if (program === 'tidewire' || program.endsWith('/tidewire')) {
    const known = printed(binary, rest[0] && /^[a-z]/.test(rest[0]) ? [rest[0], '--help'] : ['--help'])
    return options.map((option) => (known.includes(option) ? undefined : `tidewire ${rest[0]} has no ${option}`)).find(Boolean)
  }
  if (program.startsWith('build/')) return undefined
  if (program.includes('/')) {
    if (!existsSync(join(repository, program))) return `${program} is not there`
    const known = (option: string) => printed('git', ['grep', '-lF', '-e', `"${option}"`, '-e', `'${option}'`, '-e', `${option})`, '--', dirname(program), ':!*.md']) !== ''
    return options.map((option) => (known(option) ? undefined : `${program} does not know ${option}`)).find(Boolean)
  }
  return printed('bash', ['-c', `command -v ${program}`]) === '' ? `${program} is not a program of this machine` : undefined
}

describe('fenced blocks of the documents', () => {
  it('say what they are', () => {
    const unknown = blocks.filter(({ language }) => !['text', 'json', 'toml', 'ts', 'js', 'sh'].includes(language))
    expect(unknown.map((block) => `${where(block)} ${block.language}`)).toEqual([])
    expect(blocks.length).toBeGreaterThan(20)
  })

  it.each(named(of('json')))('%s holds JSON, and messages fit the schemas', (_, block) => {
    const values = jsonValues(block.text)
    expect(values.length).toBeGreaterThan(0)
    if (!block.file.startsWith('protocol/')) return
    const faults = values.flatMap(messageFaults)
    if (block.marks.includes('bad')) expect(faults).not.toEqual([])
    else expect(faults).toEqual([])
  })

  const settings = named(of('toml'))
  it.runIf(settings.length > 0).each(settings)('%s is a configuration', (_, block) => {
    const folder = mkdtempSync(join(tmpdir(), 'tidewire-docs-'))
    writeFileSync(join(folder, 'tidewire.toml'), block.text)
    try {
      const said = printed(binary, ['checkconfig', '--config', join(folder, 'tidewire.toml')])
      expect(said.split('\n').filter((line) => /unknown key|expected|not a /.test(line))).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it.each(named(of('sh')))('%s shows commands that exist', (_, block) => {
    expect(commandsOf(block.text).map(commandFault).filter(Boolean)).toEqual([])
  })

  it('in TypeScript fit the client', () => {
    const folder = join(repository, 'tests', 'output', 'documents')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const programs = of('ts').map((block, index) => {
      const name = join(folder, `block${index}.ts`)
      writeFileSync(name, `// ${where(block)}\nexport {}\n${block.given}\n${block.text}`)
      return name
    })
    expect(programs.length).toBeGreaterThan(0)
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'ES2022', '--lib', 'ES2023,DOM', '--module', 'ESNext', '--moduleResolution', 'Bundler']
    expect(printed('npx', ['--no-install', 'tsc', ...flags, ...programs])).toBe('')
  }, 120_000)
})
