// Checks what would be published: exports and types by publint and attw, both module systems by loading them,
// and the size of what a user of `createClient` downloads (docs/decisions/0042-calls-and-pieces-in-the-client.md).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const budgets = [
  { what: 'createClient', code: `export { createClient } from './dist/index.js'`, bytes: 14 * 1024 },
  { what: 'createClient and trackMessages', code: `export { createClient, trackMessages } from './dist/index.js'`, bytes: 15.25 * 1024 },
]

const run = (...args) => execFileSync('npx', ['--no-install', ...args], { cwd: root, stdio: 'inherit' })
run('publint', '--strict')
const scratch = mkdtempSync(join(tmpdir(), 'tidewire-pack-'))
try {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', scratch], { cwd: root, stdio: 'ignore' })
  // attw itself needs Node 20.
  if (Number(process.versions.node.split('.')[0]) >= 20) run('attw', join(scratch, readdirSync(scratch)[0]))
} finally {
  rmSync(scratch, { recursive: true })
}

const viaImport = await import('@tidewire/client')
const viaRequire = createRequire(import.meta.url)('@tidewire/client')
for (const name of ['createClient', 'trackMessages', 'foldMessage', 'updateShared', 'trackReceipts', 'TidewireError', 'CloseCode', 'ErrorCode'])
  if (!viaImport[name] || !viaRequire[name]) throw new Error(`${name} is not exported by both module systems`)

let failed = false
for (const { what, code, bytes } of budgets) {
  const bundle = await build({ stdin: { contents: code, resolveDir: root }, bundle: true, minify: true, format: 'esm', write: false })
  const size = gzipSync(bundle.outputFiles[0].contents, { level: 9 }).length
  failed ||= size > bytes
  console.log(`${size > bytes ? 'TOO LARGE' : 'ok'}  ${what}: ${size} bytes gzipped, budget ${bytes}`)
}
process.exit(failed ? 1 : 0)
