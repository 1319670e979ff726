import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { secret } from './token'

export const repository = fileURLToPath(new URL('../../..', import.meta.url))
export const binary = process.env.TIDEWIRE_BIN ?? join(repository, 'build/release/server/tidewire')
export const apiKey = 'an-api-key-for-tests'

/** The namespaces that most tests use. */
export const namespaces = `
[namespace.chat]
publish = true
subscribe = true
history = true
cancel = true
presence = true
join_leave = true

[namespace.quiet]
class = "durable"

[namespace.short]
publish = true
subscribe = true
history = true
history_size = 5

[namespace.gone]
publish = true
subscribe = true
history_size = 0

[namespace.cursor]
class = "ephemeral"
publish = true
subscribe = true

[namespace.price]
class = "latest"
publish = true
subscribe = true

[namespace.shop]
publish = true
subscribe = true
schema.order_placed = '{"type":"object","required":["cents"],"properties":{"cents":{"type":"integer","minimum":1}}}'
`

export interface ServerOptions {
  /** After the standard settings; a key given here wins. */
  flags?: Record<string, string | number | boolean>
  /** Instead of the standard namespaces. */
  toml?: string
  env?: Record<string, string>
}

export interface Server {
  /** `http://127.0.0.1:port` of the public listener. */
  url: string
  /** The same for WebSockets. */
  ws: string
  internal: string
  pid: number
  config: string
  /** Everything the process has written. */
  log(): string
  /** The first line of the log, past or future, that holds the text. */
  logged(text: string | RegExp): Promise<string>
  signal(signal: NodeJS.Signals): void
  /** Ends with this signal and waits; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  exited: Promise<number | null>
}

const standard = (): Record<string, string | number | boolean> => ({
  'listen.public': '127.0.0.1:0',
  'listen.internal': '127.0.0.1:0',
  'auth.hmac_secret': secret,
  'api.key': apiKey,
  'log.format': 'json',
  'shutdown.pace': '0',
  shards: 2,
})

/** Starts `tidewire serve` and waits until both listeners accept. */
export async function startServer({ flags = {}, toml = namespaces, env = {} }: ServerOptions = {}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-e2e-'))
  const config = join(folder, 'tidewire.toml')
  writeFileSync(config, toml)
  const settings = Object.entries({ ...standard(), ...flags }).map(([key, value]) => `--${key}=${value}`)
  const child = spawn(binary, ['serve', '--config', config, ...settings], { env: { ...process.env, ...env } })
  const output = follow(child)
  const exited = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => {
      rmSync(folder, { recursive: true, force: true })
      resolve(code)
    })
    child.on('error', () => resolve(null))
  })
  running.add(child)
  void exited.then(() => running.delete(child))

  const first = await Promise.race([output.find(addresses), exited.then((code) => `exit code ${code}`)])
  const found = addresses(first)
  if (!found) throw new Error(`${binary} did not start: ${first}\n${output.text()}`)
  return {
    url: found.public,
    ws: found.public.replace(/^http/, 'ws'),
    internal: found.internal,
    pid: child.pid ?? 0,
    config,
    log: output.text,
    logged: (text) => output.find((line) => (typeof text === 'string' ? line.includes(text) : text.test(line))),
    signal: (signal) => void child.kill(signal),
    async stop(signal = 'SIGKILL') {
      child.kill(signal)
      return exited
    },
    exited,
  }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The log line that names both listeners, as JSON or as text. */
function addresses(line: string): { public: string; internal: string } | undefined {
  const urls = line.match(/https?:\/\/[^\s",}]+/g) ?? []
  const [first, second] = urls
  return first && second ? { public: first, internal: second } : undefined
}

/** Collects the lines of a process and finds one, past or future. */
export function follow(child: ChildProcess) {
  const lines: string[] = []
  const waiters: { match: (line: string) => unknown; resolve: (line: string) => void }[] = []
  const add = (line: string) => {
    lines.push(line)
    for (const waiter of Array.from(waiters)) {
      if (!waiter.match(line)) continue
      waiters.splice(waiters.indexOf(waiter), 1)
      waiter.resolve(line)
    }
  }
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8')
    stream?.on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      parts.forEach(add)
    })
    stream?.on('end', () => rest && add(rest))
  }
  return {
    text: () => lines.join('\n'),
    find: (match: (line: string) => unknown) =>
      new Promise<string>((resolve) => {
        const known = lines.find(match)
        if (known === undefined) waiters.push({ match, resolve })
        else resolve(known)
      }),
  }
}
