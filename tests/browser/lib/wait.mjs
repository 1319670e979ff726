import { createServer } from 'node:net'

/** What is waited for cannot come any more. */
export class Hopeless extends Error {}

/** Resolves with the first truthy result of `check`; fails after `ms`, saying what it waited for. */
export async function until(what, check, ms = 30_000) {
  const deadline = Date.now() + ms
  let last
  for (;;) {
    try {
      const result = await check()
      if (result) return result
    } catch (error) {
      if (error instanceof Hopeless) throw error
      last = error
    }
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for: ${what}${last ? ` (${last.message})` : ''}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** Ports that are free now, all different. */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => new Promise((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve(server))
    })),
  )
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
