import { weakColours } from './looks.mjs'

const reachable = 'button:enabled, a[href], input, textarea, summary, [tabindex="0"]'

/** Walks through the page with Tab: which controls are not reached, and where the focus cannot be seen or has too little contrast. */
export async function focusStops(page) {
  const total = await page.evaluate((selector) => {
    document.activeElement.blur()
    const all = [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility({ visibilityProperty: true }))
    all.forEach((element, at) => (element.dataset.stop = String(at)))
    return all.length
  }, reachable)
  const reached = new Set()
  const kinds = new Set()
  const faint = []
  for (let presses = 0; presses < total + 5; presses++) {
    await page.keyboard.press('Tab')
    const { stop, kind, mark } = await page.evaluate(() => {
      const { activeElement: element } = document
      const style = getComputedStyle(element)
      const frame = element.closest('.composer')
      const mark = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || (frame && getComputedStyle(frame).boxShadow !== 'none')
      return { stop: element.dataset.stop, kind: element.className || element.localName, mark }
    })
    if (stop === undefined) continue
    if (reached.has(stop)) break
    reached.add(stop)
    if (kinds.has(kind)) continue
    kinds.add(kind)
    if (!mark) faint.push(kind)
    faint.push(...(await weakColours(page)).weak)
  }
  const missed = await page.evaluate((stops) => [...document.querySelectorAll('[data-stop]')].filter((element) => !stops.includes(element.dataset.stop)).map((element) => element.outerHTML.slice(0, 120)), [...reached])
  return { missed, faint }
}
