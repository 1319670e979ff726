// Writes a .br and a .gz beside every text file of dist/, for servers that answer with precompressed variants.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url).pathname
const worthIt = /\.(html|js|css|svg|json|txt|webmanifest)$/
const minBytes = 512

for (const name of readdirSync(dist, { recursive: true })) {
  if (!worthIt.test(name)) continue
  const file = join(dist, name)
  const bytes = readFileSync(file)
  if (bytes.length < minBytes) continue
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  writeFileSync(`${file}.br`, brotli)
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
}
