import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { binary, repository } from '../src'
import { blocksOf, documents } from '../src/documents'

const root = repository
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The text of the first fenced block of `language` that holds `part`. */
function block(language: string, part: string): string {
  for (const [, found, text] of readme.matchAll(/```([\w ]*)\n([\s\S]*?)```/g)) {
    if (found === language && text?.includes(part)) return text
  }
  throw new Error(`README.md has no ${language || 'plain'} block with ${part}`)
}

/** Resolves when `ready` says so; the process that makes it so is running, so this ends. */
async function until(ready: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 400; ++tries) {
    if (ready()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`did not come: ${what}`)
}

const commands = documents()
  .flatMap(blocksOf)
  .filter(({ language, marks }) => language === 'sh' && marks.includes('run'))
  .map((found) => [`${found.file}:${found.line}`, found.text] as const)

describe('what the documents show beside a running `tidewire dev`', () => {
  let server: ChildProcess
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tidewire-readme-')), 'env')
    const flags = ['dev', '--env-file', file, '--listen.public=127.0.0.1:0', '--listen.internal=127.0.0.1:0']
    server = spawn(binary, flags, { stdio: 'ignore' })
    await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('TIDEWIRE_TOKEN='), 'the file of --env-file')
    const pairs = readFileSync(file, 'utf8').trim().split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    env = { ...process.env, ...Object.fromEntries(pairs) }
  })
  afterAll(() => {
    server.kill('SIGTERM')
  })

  it.each(commands)('%s is run, and the server takes it', (_, text) => {
    const answer = execFileSync('bash', ['-e', '-c', text], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    expect(answer).not.toContain('"error"')
  })

  it('the curl line publishes', () => {
    const answer = execFileSync('bash', ['-c', block('sh run', 'curl -H')], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    expect(JSON.parse(answer)).toMatchObject({ duplicate: false, offset: expect.any(Number) })
  })

  it('the program prints what it published', async () => {
    const folder = join(root, 'tests', 'output', 'readme')
    mkdirSync(folder, { recursive: true })
    const program = join(folder, 'hello.mjs')
    writeFileSync(program, block('js', 'createClient'))
    const child = spawn('node', [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    child.stdout.on('data', (data) => {
      printed += data
    })
    await until(() => printed.split('Hello').length > 2, 'Hello, from the curl line and from the program')
    child.kill()
  })
})
