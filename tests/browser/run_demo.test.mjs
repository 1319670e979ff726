import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { launch } from './lib/browser.mjs'
import { createPerson } from './lib/person.mjs'
import { findBinary, root, start } from './lib/processes.mjs'
import { freePorts, Hopeless, until } from './lib/wait.mjs'

const output = join(root, 'tests/output/browser/run-demo')
const question = 'Plan 3 days in Kyoto'

test('the demo starts with one command, and the next time it still has the trip', async () => {
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  const [publicPort, internalPort] = await freePorts(2)
  const url = `http://127.0.0.1:${publicPort}`
  const state = mkdtempSync(join(tmpdir(), 'tidewire-demo-'))
  const flags = [`--listen.public=127.0.0.1:${publicPort}`, `--listen.internal=127.0.0.1:${internalPort}`]
  const run = async () => {
    const demo = start(join(root, 'tools/run-demo'), [findBinary(), ...flags], { XDG_STATE_HOME: state, OPENAI_API_KEY: '', OPENAI_BASE_URL: '' }, join(output, 'demo.log'))
    await until(`the demo at ${url}`, async () => {
      if (!demo.alive) throw new Hopeless(`it ended: ${demo.tail()}`)
      return demo.tail().includes(`open   ${url}/`) && (await fetch(url)).ok
    })
    return demo
  }
  const stop = async (demo) => {
    demo?.kill('SIGTERM')
    await demo?.exited
  }
  const browser = await launch()
  let demo
  try {
    demo = await run()
    const ana = await createPerson(browser, 'Ana', url, output)
    await ana.join()
    await ana.seesSummary('Just you and Juno')
    await ana.addStop('Land in Osaka')
    await ana.say(question)
    const before = await ana.answerTo(question, 300, 'sent', 60_000)
    await stop(demo)

    demo = await run()
    const ben = await createPerson(browser, 'Ben', ana.page.url(), output)
    await ben.join()
    await ben.seesStops(['Land in Osaka'])
    await ben.sees('the answer', async () => (await ben.answerTo(question, 300, 'sent')).text === before.text)
    for (const person of [ana, ben]) await person.seesSummary('2 people and Juno')
    for (const person of [ana, ben]) await person.expectCalm()
  } finally {
    await browser.close()
    await stop(demo)
    rmSync(state, { recursive: true, force: true })
  }
})
