import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts, Hopeless, until } from './wait.mjs'

export const root = fileURLToPath(new URL('../../../', import.meta.url))
const demo = join(root, 'examples/trip-planner')

export function findBinary() {
  if (process.env.TIDEWIRE_BIN) return process.env.TIDEWIRE_BIN
  const release = join(root, 'build/release')
  const names = existsSync(release) ? readdirSync(release, { recursive: true }) : []
  const name = names.find((path) => basename(path) === 'tidewire' && statSync(join(release, path)).isFile())
  if (!name) throw new Error('no tidewire below build/release: build it, or say where it is with TIDEWIRE_BIN')
  return join(release, name)
}

export function start(command, args, env, logFile) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const log = createWriteStream(logFile, { flags: 'a' })
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      log.write(data)
      tail = (tail + data).slice(-4000)
    })
  }
  child.alive = true
  child.exited = new Promise((resolve) => child.once('exit', () => resolve((child.alive = false))))
  child.tail = () => tail
  return child
}

/** A server that can be killed and started again: the same ports, the same secret, the same file of history. */
export async function createServerUnderTest(output) {
  const [publicPort, internalPort] = await freePorts(2)
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-browser-'))
  const envFile = join(folder, 'env')
  const args = [
    'dev', '--demo', join(demo, 'dist'), '--env-file', envFile, `--listen.public=127.0.0.1:${publicPort}`, `--listen.internal=127.0.0.1:${internalPort}`,
    '--auth.hmac_secret=browser-test-secret-browser-test-secret', '--presence.grace=3s', `--history.url=sqlite:${join(folder, 'history.db')}`,
  ]
  const url = `http://127.0.0.1:${publicPort}`
  let child
  return {
    url,
    /** Starts it unless it runs. */
    async run() {
      if (child?.alive) return
      child = start(findBinary(), args, {}, join(output, 'server.log'))
      await until(`the server at ${url}`, async () => {
        if (!child.alive) throw new Hopeless(`the server ended with ${child.exitCode}: ${child.tail()}`)
        return (await fetch(`${url}/dev/token?user=probe`)).ok
      })
    },
    /** The environment that `tidewire dev` gives its companions. */
    env: () => Object.fromEntries(readFileSync(envFile, 'utf8').split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
    async kill(signal = 'SIGKILL') {
      child?.kill(signal)
      await child?.exited
    },
  }
}

export function startAgent(env, output) {
  const child = start(process.execPath, [join(demo, 'agent/dist/agent.js')], { OPENAI_API_KEY: '', OPENAI_BASE_URL: '', ...env }, join(output, 'agent.log'))
  return {
    get alive() {
      return child.alive
    },
    /** The end of what it printed. */
    tail: child.tail,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await child.exited
    },
  }
}
