// Chromium, inside a page.
import { chromium } from 'playwright-core'
import { converse, judge, messages, same } from './messages.mjs'

const [url, deflate] = [process.argv[2], process.argv[3] === 'deflate']
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--ignore-certificate-errors'],
})
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const script = `(async () => {
    const messages = ${messages}, same = ${same}, converse = ${converse}
    return converse(new WebSocket(${JSON.stringify(url)}), messages(), same, 4000)
  })()`
  judge(await page.evaluate(script), messages().length, deflate)
} finally {
  await browser.close()
}
