// Pictures of every state of the page in both sizes and both colour schemes, from the development page with its fake data.
// Usage: node scripts/screenshots.mjs [state ...]      Output: tests/output/trip-planner/
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { createServer } from 'vite'

const all = ['welcome', 'invited', 'loading', 'empty', 'thinking', 'streaming', 'working', 'stopped', 'seen', 'plan', 'plan+board', 'conflict', 'conflict+board', 'answered', 'compare', 'comparing', 'itinerary', 'sending', 'offline', 'lost', 'paused', 'back', 'fatal', 'long']
const states = process.argv.length > 2 ? process.argv.slice(2) : all
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } }
const out = new URL('../../../tests/output/trip-planner/', import.meta.url).pathname
mkdirSync(out, { recursive: true })

const vite = await createServer({ configFile: new URL('../vite.config.ts', import.meta.url).pathname, root: new URL('../web', import.meta.url).pathname, server: { port: 0, host: '127.0.0.1' }, logLevel: 'error' })
await vite.listen()
const base = vite.resolvedUrls.local[0]
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
})
for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce', deviceScaleFactor: 1, hasTouch: size === 'phone', isMobile: size === 'phone', locale: 'en-GB', timezoneId: 'UTC' })
    const page = await context.newPage()
    page.on('pageerror', (error) => console.error(`${size}: ${error.message}`))
    for (const state of states) {
      const [name, sheet] = state.split('+')
      await page.goto(`${base}dev/?state=${name}`)
      await page.waitForSelector('.welcome, .page')
      await page.evaluate(() => document.fonts.ready)
      if (['loading', 'lost', 'fatal', 'offline'].includes(name)) await page.waitForSelector('.banner:not([hidden])')
      if (sheet && size === 'phone') await page.click(sheet === 'board' ? '.header__board' : '.header__details')
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
      if (wide) console.error(`${state} ${size}: wider than the window`)
      await page.screenshot({ path: `${out}${state}-${size}-${colorScheme}.png` })
    }
    await context.close()
  }
}
await browser.close()
await vite.close()
console.log(`screenshots in ${out}`)
