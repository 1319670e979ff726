import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { binary, follow, mint, openRaw, secret, seconds, startServer } from '../src/index'

// protocol.md section 8: exit codes 0; 1 runtime; 2 usage; 78 bad configuration.

const folder = mkdtempSync(join(tmpdir(), 'tidewire-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const file = (toml: string) => {
  const path = join(folder, `${++files}.toml`)
  writeFileSync(path, toml)
  return path
}
const run = (args: string[], env: Record<string, string> = {}, input = '') => {
  const { status, stdout, stderr } = spawnSync(binary, args, { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8', input, timeout: 15_000 })
  return { status, stdout, stderr }
}

describe('success', () => {
  it('version', () => expect(run(['version'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^tidewire \d+\.\d+\.\d+/) }))

  it('--help names every command', () => {
    const { status, stdout } = run(['--help'])
    expect(status).toBe(0)
    for (const command of ['serve', 'dev', 'gentoken', 'checktoken', 'checkconfig', 'genconfig', 'health', 'version']) expect(stdout).toContain(command)
  })

  it('genconfig gives a file that checkconfig accepts', () => {
    const { status, stdout } = run(['genconfig'])
    expect(status).toBe(0)
    expect(run(['checkconfig', '--config', file(stdout)]).status).toBe(0)
  })

  it('gentoken and checktoken agree, and the server takes the token', async () => {
    const settings = [`--auth.hmac_secret=${secret}`]
    const { stdout } = run(['gentoken', '--sub', 'zoe', '--ttl', '10m', '--channel', 'quiet:*=subscribe', '--info', '{"name":"Zoe"}', ...settings])
    const token = stdout.trim()
    const claims = JSON.parse(run(['checktoken', token, ...settings]).stdout)
    expect(claims).toMatchObject({ sub: 'zoe', info: { name: 'Zoe' }, channels: [{ match: 'quiet:*', allow: ['subscribe'] }] })
    expect(Math.abs(claims.exp - seconds() - 600)).toBeLessThan(10)
    expect(run(['checktoken', '-', ...settings], {}, token).status).toBe(0)
    const server = await startServer()
    const raw = await openRaw(server, { as: false, headers: { authorization: `Bearer ${token}` } })
    expect((await raw.next('welcome')).payload.userId).toBe('zoe')
    expect((await raw.subscribe('quiet:1')).type).toBe('subscribed')
    await server.stop()
  })

  it('health asks a running server', async () => {
    const server = await startServer()
    const address = new URL(server.internal).host
    expect(run(['health', `--listen.internal=${address}`])).toMatchObject({ status: 0, stdout: 'ready\n' })
    await server.stop()
    expect(run(['health', `--listen.internal=${address}`]).status).toBe(1)
  })
})

describe('runtime failures: 1', () => {
  it('a token that is not good', () => {
    const { status, stderr } = run(['checktoken', mint({ exp: 1000 }), `--auth.hmac_secret=${secret}`])
    expect([status, stderr]).toEqual([1, expect.stringContaining('token_expired')])
  })

  it('a port that is taken', async () => {
    const server = await startServer()
    const { status, stderr } = run(['serve', `--listen.public=${new URL(server.url).host}`, '--listen.internal=127.0.0.1:0', `--auth.hmac_secret=${secret}`])
    expect(status).toBe(1)
    expect(stderr).toMatch(/in use/i)
    await server.stop()
  })
})

describe('usage: 2', () => {
  it.each([[['frobnicate']], [[]], [['gentoken']], [['serve', '--nonsense']], [['serve', 'extra']]])('%j', (args) => {
    const { status, stderr } = run(args)
    expect(status).toBe(2)
    expect(stderr).toMatch(/^tidewire: /)
  })
})

describe('bad configuration: 78, one line for each fault', () => {
  const check = (toml: string, args: string[] = [], env = {}) => {
    const { status, stderr } = run(['checkconfig', '--config', file(toml), ...args], env)
    return { status, lines: stderr.trim().split('\n') }
  }

  it('an unknown key names the nearest known one', () => {
    const { status, lines } = check('limits.mesage_bytes = 5')
    expect([status, lines.length]).toEqual([78, 1])
    expect(lines[0]).toContain('limits.mesage_bytes')
    expect(lines[0]).toContain('limits.message_bytes')
  })

  it('every fault has its line', () => {
    const { status, lines } = check('shards = "many"\nauth.timeout = "soon"\nlog.level = "loud"\nnamespace.chat.class = "sturdy"')
    expect([status, lines.length]).toEqual([78, 4])
    for (const word of ['shards', 'auth.timeout', 'log.level', 'class']) expect(lines.join('\n')).toContain(word)
  })

  it('TOML that does not parse names the file and the line', () => {
    const { status, lines } = check('shards = \n= 5')
    expect(status).toBe(78)
    expect(lines[0]).toMatch(/\.toml.*[12]/)
  })

  it('a missing file', () => expect(run(['checkconfig', '--config', join(folder, 'missing.toml')])).toMatchObject({ status: 78, stderr: expect.stringContaining('missing.toml') }))

  it('an environment variable', () => {
    const { status, lines } = check('', [], { TIDEWIRE_SHARDS: 'many' })
    expect([status, lines[0]]).toEqual([78, expect.stringContaining('TIDEWIRE_SHARDS')])
  })

  it('a schema that cannot be used, or of a type of the protocol', () => {
    const { status, lines } = check(`namespace.chat.schema.order = '{"type":"bogus"}'\nnamespace.chat.schema.chat_message = '{}'`)
    expect([status, lines.length]).toEqual([78, 2])
    for (const key of ['namespace.chat.schema.order: ', 'namespace.chat.schema.chat_message: ']) expect(lines.join('\n')).toContain(key)
  })

  it('serve stops before it listens', () => {
    for (const toml of ['nonsense = 1', `namespace.chat.schema.welcome = '{}'`]) expect(run(['serve', '--config', file(toml)]).status).toBe(78)
  })
})

describe('precedence', () => {
  it('defaults < file < environment < flags', () => {
    const path = file('limits.headers = 20\nlimits.bad_messages = 20\nlimits.batch_messages = 20')
    const env = { TIDEWIRE_LIMITS_BAD_MESSAGES: '30', TIDEWIRE_LIMITS_BATCH_MESSAGES: '30' }
    const { stdout } = run(['checkconfig', '--config', path, '--limits.batch_messages=40', `--auth.hmac_secret=${secret}`], env)
    expect(stdout).toMatch(/headers\b.*20/)
    expect(stdout).toMatch(/bad_messages\b.*30/)
    expect(stdout).toMatch(/batch_messages\b.*40/)
    expect(stdout).not.toContain(secret)
  })
})

describe('dev', () => {
  it('needs no file, and its token and its curl line work as they are printed', async () => {
    const child = spawn(binary, ['dev', '--listen.public=127.0.0.1:0', '--listen.internal=127.0.0.1:0'], { cwd: folder })
    const output = follow(child)
    try {
      await output.find((line) => line.includes('/api/v1/publish') && !line.includes('api  '))
      const text = output.text()
      const token = /token\s+(\S+)/.exec(text)?.[1] ?? ''
      const ws = /ws\s+(ws:\S+)/.exec(text)?.[1] ?? ''
      const { origin, pathname } = new URL(ws)
      const raw = await openRaw({ ws: origin.replace(/^http/, 'ws') } as never, { as: false, path: pathname, headers: { authorization: `Bearer ${token}` } })
      await raw.next('subscribed')
      const curl = text.slice(text.indexOf('  curl')).split('\n').slice(0, 3).join('\n')
      const published = spawnSync('bash', ['-c', `${curl} --silent`], { encoding: 'utf8', timeout: 10_000 })
      expect(JSON.parse(published.stdout)).toMatchObject({ offset: 1, duplicate: false })
      expect((await raw.next('chat_message')).payload.content).toBe('Hello')
    } finally {
      child.kill('SIGKILL')
    }
  })
})
