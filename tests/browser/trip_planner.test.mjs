import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { assertKept, createPerson } from './lib/person.mjs'
import { focusStops } from './lib/keyboard.mjs'
import { misfits, weakColours } from './lib/looks.mjs'
import { startModel } from './lib/model.mjs'
import { startProxy } from './lib/proxy.mjs'
import { createStage } from './lib/stage.mjs'

const stage = createStage('trip')
const { scene } = stage
const beaches = 'Where should we go in March for beaches under €80 a day?'
const compare = 'Lisbon or Porto in May?'

before(stage.open)
after(stage.close)

scene('two people meet in a trip, and the guide comes', [], async ({ enter }) => {
  const visitor = await createPerson(stage.browser, 'Visitor', stage.server.url, stage.output)
  await visitor.picture('01-welcome')
  await visitor.close()
  const ana = await enter('Ana', stage.server.url)
  await ana.seesSummary('Just you and Juno')
  await ana.picture('02-empty')
  const ben = await createPerson(stage.browser, 'Ben', ana.page.url(), stage.output)
  assert.match(await ben.text('h1'), /invited/)
  await ben.join()
  for (const person of [ana, ben]) await person.seesSummary('2 people and Juno')
  await ben.close()
  await ana.seesSummary('Just you and Juno')
})

scene('they see each other type, and chat', ['Ana', 'Ben'], async ({ ana, ben }) => {
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
  await ana.seesSeen('Me too', 'Seen by Ben')
})

scene('both follow an answer as it is written; one reloads in the middle', ['Ana', 'Ben'], async ({ ana, ben }) => {
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

  const [hers, his] = [await ana.answerTo(beaches, 600, 'sent', 60_000), await ben.answerTo(beaches, 600, 'sent', 60_000)]
  assert.equal(hers.text, his.text)
  assert.match(hers.text, /€80 a day/)
  assert.deepEqual(hers.steps, his.steps)
  await ana.page.locator('.steps__summary', { hasText: '3 steps' }).click()
  await ana.sees('what Juno did', () => ana.isVisible('.step__found'))
  for (const person of [ana, ben]) await person.sees('the places of the answer', () => person.isVisible('.message .place'))
  await ana.picture('07-answered')
})

scene('everyone edits the itinerary: at the same time, and the same words', ['Ana', 'Ben'], async ({ ana, ben }) => {
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

  await ana.say(compare)
  await ana.page.getByRole('button', { name: /^Add .* to the itinerary$/ }).first().click({ timeout: 60_000 })
  await ben.sees('the place in the itinerary', async () => (await ben.stops()).length === 4)
})

scene('the server dies in the middle of an answer; both come back by themselves, nothing is lost or doubled', ['Ana', 'Ben'], async ({ ana, ben, enter }) => {
  const plan = 'Plan 8 days in Kyoto'
  await ana.addStop('Land in Osaka')
  await ben.addStop('Train to Kyoto')
  for (const person of [ana, ben]) await person.sees('both stops', async () => (await person.stops()).length === 2)
  const stops = await ana.stops()
  await ben.say(plan)
  await ana.answerTo(plan, 250, 'streaming')
  await ben.answerTo(plan, 250, 'streaming')
  await ben.seesSeen(plan, 'Seen by Ana')
  const seen = { ana: await ana.messages(), ben: await ben.messages() }

  await stage.server.kill('SIGKILL')
  for (const person of [ana, ben]) await person.sees('that the connection is lost', () => person.isVisible('.banner--warn'))
  await ana.say('Written while the server was gone')
  await ana.seesState('Written while the server was gone', 'sending')
  await ana.picture('09-server-gone')
  assertKept(seen.ana, await ana.messages())

  await stage.server.run()
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
    assert.deepEqual(now.map(({ by }) => by).sort(), ['agent', 'me', 'other'], 'one question, one answer, one message between people')
    assert.ok(Number(await person.figure('Reconnects')) >= 1)
    await person.seesStops(stops)
    assert.match(await person.figure('Missed'), /recovered|nothing/)
  }
  await ana.seesSeen('Written while the server was gone', 'Seen by Ben')

  const eve = await enter('Eve')
  await eve.seesStops(stops)
  await eve.sees('the whole conversation', async () => (await eve.messages()).length === 3)
  // In the order of the stream, where an answer stands at its end; who was there sees it where it began.
  const contents = (messages) => Object.fromEntries(messages.map(({ id, text }) => [id, text]))
  assert.deepEqual(contents(await eve.messages()), contents(await ana.messages()))

  await ben.say('Still here?')
  await ana.seesMessage('Still here?')
  for (const person of [ana, ben, eve]) await person.seesSummary('3 people and Juno')
  await ana.say(compare)
  assert.match((await ben.answerTo(compare, 200, 'sent', 60_000)).text, /Verdict/)
  await ben.picture('10-after')
})

scene('who has seen what outlives the server, also of those who left', ['Ana', 'Ben'], async ({ ana, ben }) => {
  await ana.addStop('Fly home')
  await ana.say('I book the train')
  await ana.seesSeen('I book the train', 'Seen by Ben')
  await ben.expectCalm()
  await ben.close()
  await ana.seesSummary('Just you and Juno')
  await stage.server.kill('SIGKILL')
  await stage.server.run()
  await ana.seesLive()
  await ana.page.reload()
  await ana.seesLive()
  await ana.seesSeen('I book the train', 'Seen by Ben')
  await ana.seesStops(['Fly home'])
})

scene('a reader stops an answer in its middle; both see the same end', ['Ana', 'Ben'], async ({ ana, ben }) => {
  const stopped = 'Plan 9 days in Rome'
  await ana.say(stopped)
  await ana.answerTo(stopped, 60, 'streaming')
  await ben.answerTo(stopped, 60, 'streaming')
  await ben.page.getByRole('button', { name: 'Stop', exact: true }).click()
  const [hers, his] = [await ana.answerTo(stopped, 60, 'stopped'), await ben.answerTo(stopped, 60, 'stopped')]
  assert.equal(hers.text, his.text)
  assert.ok(!hers.text.includes('Day 9'), 'the rest was not written')
  await ana.picture('11-stopped')
})

scene('a connection that breaks comes back to its session, with what it missed', ['Ana'], async ({ ana, enter }) => {
  const proxy = await startProxy(stage.server.url)
  try {
    const url = new URL(ana.page.url())
    const dan = await enter('Dan', `${proxy.url}${url.pathname}${url.search}`)
    proxy.cut()
    await ana.say('Written while Dan was away')
    await dan.seesLive()
    await dan.seesMessage('Written while Dan was away')
    await dan.sees('that the session went on', async () => (await dan.figure('Session')) === 'resumed')
    assert.match(await dan.figure('Missed'), /recovered|nothing/)
    await dan.expectCalm()
    await dan.close()
  } finally {
    proxy.close()
  }
})

scene('the agent dies in the middle of an answer, and the next one finishes it', ['Ana', 'Ben'], async ({ ana, ben, runAgent, stopAgent }) => {
  const handedOver = 'Plan 7 days in Vienna'
  await ben.say('I have a week off')
  await ana.say(handedOver)
  const cut = await ben.answerTo(handedOver, 200, 'streaming')
  await stopAgent('SIGKILL')
  await ben.answerTo(handedOver, cut.text.length, 'paused')
  await ben.picture('12-agent-gone')
  await runAgent()
  const [hers, his] = [await ana.answerTo(handedOver, 900, 'sent', 60_000), await ben.answerTo(handedOver, 900, 'sent', 60_000)]
  assert.equal(hers.text, his.text)
  assert.equal(hers.text.match(/Day \d:/g).length, 7, 'the plan is whole')
  assert.equal((await ben.messages()).length, 3, 'what Ben said to Ana is not answered')
})

scene('with a language model configured, its words are streamed', ['Ana', 'Ben'], async ({ ana, ben, runAgent }) => {
  const question = 'What should we eat in Sicily?'
  const model = await startModel(['Go ', 'to **Palermo**', ' and eat.'])
  try {
    await ben.say('I have a week off')
    await ana.seesMessage('I have a week off')
    await runAgent({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'key' })
    await ana.say(question)
    const answer = await ben.answerTo(question, 10, 'sent')
    assert.equal(answer.text, 'Go to Palermo and eat.')
    const [request, ...others] = model.requests
    assert.deepEqual(others, [], 'what people say to each other does not go to the model')
    assert.equal(request.path, '/v1/chat/completions')
    assert.equal(request.authorization, 'Bearer key')
    assert.match(request.body.messages[0].content, /"name":"Sicily"/)
  } finally {
    model.close()
  }
})

scene('an answer can be stopped while the model has not said a word', ['Ana', 'Ben'], async ({ ana, ben, runAgent }) => {
  const question = 'Plan 10 days in Paris'
  const model = await startModel([], { silent: true })
  try {
    await runAgent({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'key' })
    await ana.say(question)
    await ana.sees('that Juno has asked the model', () => model.requests.length === 1)
    await ana.page.getByRole('button', { name: 'Stop', exact: true }).click()
    for (const person of [ana, ben]) assert.equal((await person.answerTo(question, 0, 'stopped')).text, '')
    await ana.sees('that Juno rests', async () => !(await ana.isVisible('.status__agent')))
    await ana.sees('that the model was told', () => model.broken === 1)
  } finally {
    model.close()
  }
})

scene('a phone shows the same trip', ['Ana'], async ({ ana, enter }) => {
  await ana.say(compare)
  await ana.addStop('Land in Lisbon')
  await ana.answerTo(compare, 200, 'sent', 60_000)
  const cleo = await enter('Cleo', ana.page.url(), { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'dark' })
  await cleo.seesSummary('2 people and Juno')
  await cleo.seesMessage(compare)
  await cleo.picture('13-phone')
  await cleo.page.getByRole('button', { name: 'People and connection', exact: true }).click()
  await cleo.sees('the connection', () => cleo.isVisible('.connection'))
  await cleo.picture('14-phone-details')
  await cleo.page.keyboard.press('Escape')
  await cleo.sees('the chat again', async () => !(await cleo.isVisible('.connection')))
  await cleo.page.getByRole('button', { name: 'Itinerary and places' }).click()
  await cleo.sees('the itinerary', () => cleo.isVisible('section.plan'))
  await cleo.seesStops(['Land in Lisbon'])
  await cleo.picture('15-phone-itinerary')
  await cleo.page.keyboard.press('Escape')
  await cleo.expectCalm()
  await cleo.close()
  await ana.seesSummary('Just you and Juno')
})

scene('an answer can be read as it comes, in both colour schemes', ['Ana', 'Ben'], async ({ ana, ben }) => {
  await ana.addStop('Land in Manila')
  await ana.say(beaches)
  await ana.seesSeen(beaches, 'Seen by Ben')
  await ana.answerTo(beaches, 120, 'streaming')
  for (const colorScheme of ['light', 'dark']) {
    await ana.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    assert.deepEqual((await weakColours(ana.page)).weak, [], colorScheme)
    await ana.picture(`16-streaming-${colorScheme}`)
  }
  assert.deepEqual(await misfits(ana.page), [])
  assert.equal((await ana.answerTo(beaches, 120)).state, 'streaming', 'it was still being written')
  await ben.say('Palawan it is')
  await ana.sees('the message read out', async () => (await ana.text('[role=log]')).includes('Ben: Palawan it is'))
})

scene('everything can be reached and done with the keyboard', ['Ana'], async ({ ana }) => {
  const { page } = ana
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await ana.addStop('Land in Lisbon')
  await ana.addStop('Sintra')
  await ana.seesStops(['Land in Lisbon', 'Sintra'])
  await ana.say(compare)
  await ana.answerTo(compare, 200, 'sent', 60_000)
  await ana.sees('what to ask next', () => ana.isVisible('.chips--follow .chip'))
  const { missed, faint } = await focusStops(page)
  assert.deepEqual(missed, [], 'not reached with Tab')
  assert.deepEqual(faint, [], 'reached, and not to be seen there')

  const focused = (selector) => ana.sees(`the focus at ${selector}`, () => page.evaluate((wanted) => document.activeElement.matches(wanted), selector))
  await page.getByRole('button', { name: 'Remove Sintra' }).focus()
  await page.keyboard.press('Enter')
  await ana.seesStops(['Land in Lisbon'])
  await focused('.plan__add input')
  await page.locator('.chips--follow .chip').first().focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Stop', exact: true }).focus()
  await focused('.status__stop')
  await page.keyboard.press('Enter')
  await ana.sees('that Juno rests', async () => !(await ana.isVisible('.status__agent')))
  await focused('.composer__input')
})
