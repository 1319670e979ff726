import assert from 'node:assert/strict'
import { until } from './wait.mjs'

/** One person in a browser of their own. Names of things on the page live here and nowhere else. */
export async function createPerson(browser, name, url, output, contextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...contextOptions })
  const page = await context.newPage()
  await page.addInitScript(watchShifts)
  const faults = []
  page.on('pageerror', (error) => faults.push(error.message))
  await page.goto(url)

  const messages = () =>
    page.$$eval('.message', (items) =>
      items.map((item) => ({
        id: item.dataset.id,
        state: item.dataset.state,
        by: item.classList.contains('message--agent') ? 'agent' : item.classList.contains('message--mine') ? 'me' : 'other',
        text: item.querySelector('.message__body').innerText.trim(),
        steps: [...item.querySelectorAll('.step')].map((step) => step.textContent),
        seen: item.querySelector('.message__seen')?.innerText ?? '',
      })))
  const itinerary = page.locator('section.plan')
  const stop = (title) => itinerary.locator('.stop', { hasText: title })
  const stops = () => page.$$eval('.stop__title', (titles) => titles.map((title) => title.textContent))
  const text = async (selector) => (await page.locator(selector).first().textContent()) ?? ''
  const sees = (what, check, ms) => until(`${name} sees ${what}`, check, ms)

  return {
    name,
    page,
    faults,
    messages,
    async join() {
      await page.getByLabel('What should we call you?').fill(name)
      await page.getByRole('button', { name: /Start planning|Join the trip/ }).click()
      await page.getByLabel('Message', { exact: true }).waitFor()
    },
    async say(words) {
      await page.getByLabel('Message', { exact: true }).fill(words)
      await page.keyboard.press('Enter')
    },
    type: (words) => page.getByLabel('Message', { exact: true }).pressSequentially(words, { delay: 15 }),
    clearField: () => page.getByLabel('Message', { exact: true }).fill(''),
    sees,
    seesLive: () => sees('a live connection', async () => (await text('.connection__state')) === 'Live'),
    seesSummary: (words) => sees(`"${words}" in the header`, async () => (await text('.header__summary')).includes(words)),
    seesMessage: (words, ms) => sees(`the message "${words}"`, async () => (await messages()).find((message) => message.text.includes(words)), ms),
    seesState: (words, state, ms) => sees(`"${words}" as ${state}`, async () => (await messages()).find((message) => message.text.includes(words) && message.state === state), ms),
    seesSeen: (words, seen) => sees(`"${seen}" under "${words}"`, async () => (await messages()).find((message) => message.text === words && message.seen === seen)),
    /** The answer that follows a question, once it is at least so long and, if asked for, in that state. */
    answerTo: (question, minLength, state, ms) =>
      sees(`an answer of ${minLength} characters to "${question}"${state ? `, ${state}` : ''}`, async () => {
        const all = await messages()
        const asked = all.findLastIndex((message) => message.by !== 'agent' && message.text === question)
        const answer = asked < 0 ? undefined : all.slice(asked).find((message) => message.by === 'agent')
        return answer && answer.text.length >= minLength && (!state || answer.state === state) && answer
      }, ms),
    stops,
    seesStops: (titles) => sees(`the itinerary ${titles.join(', ')}`, async () => JSON.stringify(await stops()) === JSON.stringify(titles)),
    async addStop(title) {
      await itinerary.getByLabel('New stop').fill(title)
      await page.keyboard.press('Enter')
    },
    beginRename: (title) => itinerary.getByRole('button', { name: `Edit ${title}` }).click(),
    async finishRename(title) {
      await itinerary.getByLabel('Words of the stop').and(page.locator(':focus')).fill(title)
      await page.keyboard.press('Enter')
    },
    moveUp: (title) => itinerary.getByRole('button', { name: `Move ${title} up` }).click(),
    choose: (title, words) => stop(title).getByRole('button', { name: words }).click(),
    text,
    isVisible: (selector) => page.locator(selector).first().isVisible(),
    figure: (label) => page.locator('.figure', { hasText: label }).locator('dd').textContent(),
    picture: (step) => page.screenshot({ path: `${output}/${step}-${name.toLowerCase()}.png`, animations: 'disabled' }),
    /** No error was raised, and nothing jumped: less than what web vitals call good. */
    async expectCalm() {
      assert.deepEqual(faults, [], `${name}'s page raised errors`)
      if (page.isClosed()) return
      const { sum, worst } = await page.evaluate(() => window.layoutShift)
      assert.ok(sum < 0.1, `${name}: ${sum.toFixed(3)}, most of it ${JSON.stringify(worst, null, 1)}`)
    },
    /** Leaves the page as a person does, so that it can say so. */
    async close() {
      if (!page.isClosed()) await page.goto('about:blank')
      await context.close()
    },
  }
}

/** Sums up layout shifts that no input explains: what web vitals call CLS, without its session windows. */
function watchShifts() {
  window.layoutShift = { sum: 0, worst: [] }
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput) continue
      window.layoutShift.sum += value
      const moved = sources.map(({ node, previousRect, currentRect }) => `${node?.className || node?.nodeName} from y ${Math.round(previousRect.y)} to ${Math.round(currentRect.y)}`)
      window.layoutShift.worst.push({ value: Number(value.toFixed(4)), moved })
    }
    window.layoutShift.worst = window.layoutShift.worst.sort((a, b) => b.value - a.value).slice(0, 4)
  }).observe({ type: 'layout-shift', buffered: true })
}

/** Everything seen before is still there, once, in the same order. */
export function assertKept(before, after) {
  const ids = after.map((message) => message.id)
  assert.equal(new Set(ids).size, ids.length, `a message is on the page twice: ${ids.join(' ')}`)
  const kept = before.map((message) => message.id)
  assert.deepEqual(ids.filter((id) => kept.includes(id)), kept, 'a message vanished or moved')
}
