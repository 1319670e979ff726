import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer } from 'vite'
import { launch } from './lib/browser.mjs'
import { misfits, weakColours } from './lib/looks.mjs'
import { root } from './lib/processes.mjs'

const demo = join(root, 'examples/trip-planner')
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } }
const sheets = { board: '.header__board', details: '.header__details' }
const states = [
  'welcome', 'invited', 'loading', 'empty', 'thinking', 'streaming', 'working', 'stopped', 'seen', 'plan', 'plan+board', 'conflict+board', 'answered', 'answered+details',
  'compare', 'comparing', 'itinerary', 'sending', 'offline', 'lost', 'paused', 'back', 'fatal', 'long',
]
let vite, browser

before(async () => {
  vite = await createServer({ configFile: join(demo, 'vite.config.ts'), root: join(demo, 'web'), server: { port: 0, host: '127.0.0.1' }, logLevel: 'error' })
  await vite.listen()
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await vite?.close()
})

for (const [size, viewport] of Object.entries(sizes)) {
  test(`every state can be read on a ${size}`, async () => {
    const context = await browser.newContext({ viewport, reducedMotion: 'reduce', hasTouch: size === 'phone', isMobile: size === 'phone', locale: 'en-GB', timezoneId: 'UTC' })
    const page = await context.newPage()
    const faults = []
    page.on('pageerror', (error) => faults.push(error.message))
    for (const state of states) {
      const [name, sheet] = state.split('+')
      await page.goto(`${vite.resolvedUrls.local[0]}dev/?state=${name}`)
      await page.locator('.welcome, .page').waitFor()
      if (['loading', 'lost', 'fatal', 'offline', 'back'].includes(name)) await page.locator('.banner:not([hidden])').waitFor()
      if (sheet && (await page.locator(sheets[sheet]).isVisible())) await page.locator(sheets[sheet]).click()
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme })
        const { texts, weak } = await weakColours(page)
        assert.ok(texts > 2, `${state} shows something`)
        faults.push(...weak.map((fault) => `${state}, ${colorScheme}: ${fault}`))
      }
      faults.push(...(await misfits(page)).map((fault) => `${state}: ${fault}`))
    }
    await context.close()
    assert.deepEqual(faults, [])
  })
}
