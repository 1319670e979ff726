import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { assertKept, createPerson } from './lib/person.mjs'
import { startModel } from './lib/model.mjs'
import { createServerUnderTest, root, startAgent } from './lib/processes.mjs'
import { startProxy } from './lib/proxy.mjs'

const output = join(root, 'tests/output/browser')
const beaches = 'Where should we go in March for beaches under €80 a day?'
const plan = 'Plan 8 days in Kyoto'
const compare = 'Lisbon or Porto in May?'
const stopped = 'Plan 9 days in Rome'
const stoppedEarly = 'Plan 10 days in Paris'
const handedOver = 'Plan 7 days in Vienna'
const askedOfModel = 'What should we eat in Sicily?'

let server, agent, browser, ana, ben

before(async () => {
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  server = await createServerUnderTest(output)
  await server.start()
  agent = startAgent(server.env(), output)
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  })
})

after(async () => {
  await browser?.close()
  await agent?.stop()
  await server?.kill()
})

test('two people meet in a trip, and the guide comes', async () => {
  ana = await createPerson(browser, 'Ana', server.url, output)
  await ana.picture('01-welcome')
  await ana.join()
  await ana.seesLive()
  await ana.seesSummary('Just you and Juno')
  await ana.picture('02-empty')
  ben = await createPerson(browser, 'Ben', ana.page.url(), output)
  assert.match(await ben.text('h1'), /invited/)
  await ben.join()
  for (const person of [ana, ben]) await person.seesSummary('2 people and Juno')
})

test('they see each other type, and chat', async () => {
  await ben.type('Shall we')
  await ana.sees('that Ben types', async () => (await ana.text('.status__typing')).includes('Ben is typing'))
  await ana.picture('03-typing')
  await ben.clearField()
  await ben.say('I have a week off')
  await ana.seesMessage('I have a week off')
  await ana.sees('that Ben stopped', async () => !(await ana.isVisible('.status__typing')))
  await ana.say('Me too')
  await ben.seesMessage('Me too')
  await ana.seesState('Me too', 'sent')
  await ana.sees('that Ben has read it', async () => (await ana.messages()).at(-1).seen === 'Seen by Ben')
})

test('both follow an answer as it is written; one reloads in the middle', async () => {
  await ana.say(beaches)
  await ben.sees('what Juno does', async () => (await ben.isVisible('.status__agent')) && (await ben.text('.status__task')).length > 0)
  await ben.picture('04-working')
  const early = await ana.answerTo(beaches, 40, 'streaming')
  await ben.answerTo(beaches, 40, 'streaming')
  const later = await ben.answerTo(beaches, early.text.length + 120, 'streaming')
  assert.ok(later.text.length > early.text.length, 'the answer grows')
  assert.ok(await ben.isVisible('.progress'))
  await ben.picture('05-streaming')

  const known = (await ben.messages()).length
  await ben.page.reload()
  const resumed = await ben.answerTo(beaches, later.text.length)
  assert.equal(resumed.id, later.id)
  await ben.picture('06-reloaded')
  assert.equal(resumed.steps.length, 3, 'the steps came back with the text')
  assert.equal((await ben.messages()).length, known, 'the reload brought the whole conversation back')

  const [hers, his] = [await ana.answerTo(beaches, 600, 'sent', 40_000), await ben.answerTo(beaches, 600, 'sent', 40_000)]
  assert.equal(hers.text, his.text)
  assert.match(hers.text, /€80 a day/)
  assert.deepEqual(hers.steps, his.steps)
  await ana.page.locator('.steps__summary', { hasText: '3 steps' }).click()
  await ana.sees('what Juno did', () => ana.isVisible('.step__found'))
  for (const person of [ana, ben]) await person.sees('the places of the answer', () => person.isVisible('.message .place'))
  await ana.picture('07-answered')
})

test('everyone edits the itinerary: at the same time, and the same words', async () => {
  await Promise.all([ana.addStop('Land in Lisbon'), ben.addStop('Dinner in Alfama')])
  await ana.sees('both stops', async () => (await ana.stops()).length === 2)
  const both = await ana.stops()
  assert.deepEqual([...both].sort(), ['Dinner in Alfama', 'Land in Lisbon'])
  await ben.seesStops(both)
  await Promise.all([ana.addStop('Sintra'), ben.moveUp(both[1])])
  const [first, second] = [both[1], both[0]]
  for (const person of [ana, ben]) await person.seesStops([first, second, 'Sintra'])

  await ana.beginRename('Sintra')
  await ben.beginRename('Sintra')
  await ben.finishRename('Sintra by train')
  await ana.sees('the new words behind the field', async () => (await ana.stops()).includes('Sintra by train'))
  await ana.finishRename('Sintra and Cascais')
  await ana.sees('the conflict', () => ana.isVisible('.stop__clash:not([hidden])'))
  assert.match(await ana.text('.plan__note'), /Ben changed “Sintra”/)
  await ana.picture('08-conflict')
  await ana.choose('Sintra', 'Use mine')
  for (const person of [ana, ben]) await person.seesStops([first, second, 'Sintra and Cascais'])
  assert.ok(!(await ana.isVisible('.stop__clash:not([hidden])')))

  await ana.page.getByRole('button', { name: /^Add .* to the itinerary$/ }).first().click()
  await ben.sees('the place in the itinerary', async () => (await ben.stops()).length === 4)
})

test('the server dies in the middle of an answer; both come back by themselves, nothing is lost or doubled', async () => {
  await ben.say(plan)
  await ana.answerTo(plan, 250, 'streaming')
  await ben.answerTo(plan, 250, 'streaming')
  const seen = { ana: await ana.messages(), ben: await ben.messages() }
  const stops = await ana.stops()

  await server.kill('SIGKILL')
  for (const person of [ana, ben]) await person.sees('that the connection is lost', () => person.isVisible('.banner--warn'))
  await ana.say('Written while the server was gone')
  await ana.seesState('Written while the server was gone', 'sending')
  await ana.picture('09-server-gone')
  assertKept(seen.ana, await ana.messages())

  await server.start()
  for (const person of [ana, ben]) await person.seesLive()
  await ana.seesState('Written while the server was gone', 'sent')
  await ben.seesMessage('Written while the server was gone')
  const [hers, his] = [await ana.answerTo(plan, 900, 'sent', 60_000), await ben.answerTo(plan, 900, 'sent', 60_000)]
  assert.equal(hers.text, his.text)
  assert.equal(hers.text.match(/Day \d:/g).length, 8, 'the plan is whole')
  await ana.picture('10-back')
  await ben.picture('10-back')

  for (const [person, before] of [[ana, seen.ana], [ben, seen.ben]]) {
    const now = await person.messages()
    assertKept(before, now)
    assert.equal(now.filter((message) => message.text.includes('Written while')).length, 1)
    assert.equal(now.filter((message) => message.text.includes('8 days in Kyoto')).length, 2, 'one question and one answer')
    assert.ok(Number(await person.figure('Reconnects')) >= 1)
    await person.seesStops(stops)
    assert.match(await person.figure('Missed'), /recovered|nothing/)
  }
})

test('who comes after the restart finds all of it: the server kept it', async () => {
  const eve = await createPerson(browser, 'Eve', ana.page.url(), output)
  await eve.join()
  await eve.seesStops(await ana.stops())
  const known = await ana.messages()
  await eve.sees('the whole conversation', async () => (await eve.messages()).length === known.length)
  // In the order of the stream, where an answer stands at its end; who was there sees it where it began.
  const contents = (messages) => Object.fromEntries(messages.map(({ id, text }) => [id, text]))
  assert.deepEqual(contents(await eve.messages()), contents(known))
  await eve.expectNoFaults()
  await eve.close()
})

test('after the restart everything works as before', async () => {
  await ben.say('Still here?')
  await ana.seesMessage('Still here?')
  for (const person of [ana, ben]) await person.seesSummary('2 people and Juno')
  await ana.say(compare)
  const answer = await ben.answerTo(compare, 200, 'sent', 40_000)
  assert.match(answer.text, /Verdict/)
  await ben.picture('10-after')
})

test('a reader stops an answer in its middle; both see the same end', async () => {
  await ana.say(stopped)
  await ana.answerTo(stopped, 60, 'streaming')
  await ben.answerTo(stopped, 60, 'streaming')
  await ben.page.getByRole('button', { name: 'Stop', exact: true }).click()
  const [hers, his] = [await ana.answerTo(stopped, 60, 'stopped'), await ben.answerTo(stopped, 60, 'stopped')]
  assert.equal(hers.text, his.text)
  assert.ok(!hers.text.includes('Day 9'), 'the rest was not written')
  await ana.picture('11-stopped')
})

test('a connection that breaks comes back to its session, with what it missed', async () => {
  const proxy = await startProxy(server.url)
  const url = new URL(ana.page.url())
  const dan = await createPerson(browser, 'Dan', `${proxy.url}${url.pathname}${url.search}`, output)
  await dan.join()
  await dan.seesMessage('Still here?')
  proxy.cut()
  await ana.say('Written while Dan was away')
  await dan.seesLive()
  await dan.seesMessage('Written while Dan was away')
  await dan.sees('that the session went on', async () => (await dan.figure('Session')) === 'resumed')
  assert.match(await dan.figure('Missed'), /recovered|nothing/)
  await dan.expectNoFaults()
  await dan.close()
  proxy.close()
})

test('the agent dies in the middle of an answer, and the next one finishes it', async () => {
  await ana.say(handedOver)
  const cut = await ben.answerTo(handedOver, 200, 'streaming')
  await agent.stop('SIGKILL')
  // The agent's presence outlives its connection for `presence.grace` (15 s).
  await ben.answerTo(handedOver, cut.text.length, 'paused', 30_000)
  await ben.picture('12-agent-gone')
  agent = startAgent(server.env(), output)
  const [hers, his] = [await ana.answerTo(handedOver, 900, 'sent', 60_000), await ben.answerTo(handedOver, 900, 'sent', 60_000)]
  assert.equal(hers.text, his.text)
  assert.equal(hers.text.match(/Day \d:/g).length, 7, 'the plan is whole')
  assert.equal((await ben.messages()).filter((message) => message.text.includes('7 days in Vienna')).length, 2)
})

test('with a language model configured, its words are streamed', async () => {
  const model = await startModel(['Go ', 'to **Palermo**', ' and eat.'])
  await agent.stop()
  agent = startAgent({ ...server.env(), OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'key' }, output)
  await ana.seesSummary('2 people and Juno')
  await ana.say(askedOfModel)
  const answer = await ben.answerTo(askedOfModel, 10, 'sent')
  assert.equal(answer.text, 'Go to Palermo and eat.')
  const [request] = model.requests
  assert.equal(request.path, '/v1/chat/completions')
  assert.equal(request.authorization, 'Bearer key')
  assert.match(request.body.messages[0].content, /"name":"Sicily"/)
  await model.close()
})

test('an answer can be stopped while the model has not said a word', async () => {
  const model = await startModel([], { silent: true })
  await agent.stop()
  agent = startAgent({ ...server.env(), OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'key' }, output)
  await ana.seesSummary('2 people and Juno')
  await ana.say(stoppedEarly)
  await ana.sees('that Juno has asked the model', () => model.requests.length === 1)
  await ana.page.getByRole('button', { name: 'Stop', exact: true }).click()
  for (const person of [ana, ben]) assert.equal((await person.answerTo(stoppedEarly, 0, 'stopped')).text, '')
  await ana.sees('that Juno rests', async () => !(await ana.isVisible('.status__agent')))
  await ana.sees('that the model was told', () => model.broken === 1)
  await model.close()
})

test('a phone shows the same trip', async () => {
  const cleo = await createPerson(browser, 'Cleo', ana.page.url(), output, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'dark' })
  await cleo.join()
  await cleo.seesSummary('3 people and Juno')
  await cleo.seesMessage('Still here?')
  await cleo.picture('13-phone')
  await cleo.page.getByRole('button', { name: 'People and connection', exact: true }).click()
  await cleo.sees('the connection', () => cleo.isVisible('.connection'))
  await cleo.picture('14-phone-details')
  await cleo.page.keyboard.press('Escape')
  await cleo.sees('the chat again', async () => !(await cleo.isVisible('.connection')))
  await cleo.page.getByRole('button', { name: 'Itinerary and places' }).click()
  await cleo.sees('the itinerary', () => cleo.isVisible('section.plan'))
  await cleo.picture('15-phone-itinerary')
  await cleo.page.keyboard.press('Escape')
  await cleo.expectNoFaults()
  await cleo.close()
  for (const person of [ana, ben]) await person.seesSummary('2 people and Juno')
})

test('nothing on the page jumped', async () => {
  for (const person of [ana, ben]) {
    const { sum, worst } = await person.layoutShift()
    assert.ok(sum < 0.1, `${person.name}: ${sum.toFixed(3)}, most of it ${JSON.stringify(worst, null, 1)}`)
  }
})

test('no page raised an error', async () => {
  await ana.expectNoFaults()
  await ben.expectNoFaults()
})
