/**
 * Every visible text and glyph of the page that WCAG 2.2 AA would not pass: 4.5:1 for text, 3:1 for large text (24 px, or 18.66 px and
 * bold), 3:1 for glyphs, the edges of fields and what shows the focus. Colours are the computed ones, mixed with what lies under them. What
 * floats over a picture is taken over white and over black, whichever is worse. Disabled controls are exempt (1.4.3).
 */
export const weakColours = (page) => page.evaluate(measure)

function measure() {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 1
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const known = new Map()
  const rgba = (text) => {
    if (!known.has(text)) {
      context.clearRect(0, 0, 1, 1)
      context.fillStyle = text
      context.fillRect(0, 0, 1, 1)
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data
      known.set(text, { rgb: [r, g, b], a: a / 255 })
    }
    return known.get(text)
  }
  const mix = (under, over, share) => under.map((value, at) => value + (over[at] - value) * share)
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ratio = (one, two) => {
    const [high, low] = [luminance(one), luminance(two)].sort((a, b) => b - a)
    return (high + 0.05) / (low + 0.05)
  }
  const ancestors = (element) => {
    const chain = []
    for (let each = element; each; each = each.parentElement) chain.unshift(each)
    return chain
  }
  /** A colour of the innermost element and its background, as they reach the eye: layer over layer, with the opacity of each. */
  const seen = (chain, colour, backdrop) => {
    const [element, ...inner] = chain
    const style = getComputedStyle(element)
    const fill = rgba(style.backgroundColor)
    const own = mix(backdrop, fill.rgb, fill.a)
    const { front, back } = inner.length > 0 ? seen(inner, colour, own) : { back: own, front: mix(own, colour.rgb, colour.a) }
    const opacity = Number(style.opacity)
    return { front: mix(backdrop, front, opacity), back: mix(backdrop, back, opacity) }
  }
  const worst = (element, colour) => {
    const chain = ancestors(element)
    const picture = chain.findLastIndex((each) => /^(place__temp|place__add)$/.test(each.className))
    const backdrops = picture < 0 ? [[255, 255, 255]] : [[255, 255, 255], [0, 0, 0]]
    return Math.min(...backdrops.map((backdrop) => {
      const { front, back } = seen(picture < 0 ? chain : chain.slice(picture), rgba(colour), backdrop)
      return ratio(front, back)
    }))
  }
  const isShown = (element) => {
    const { width, height } = element.getBoundingClientRect()
    return width > 1 && height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })
  }
  const isExempt = (element) => element.closest('.visually-hidden, .skip-link, :disabled') !== null
  const found = new Map()
  const check = (element, what, colour, least) => {
    const value = worst(element, colour)
    const name = `${what} of ${element.closest('[class]')?.getAttribute('class') ?? element.localName}`
    if (value < least && !found.has(name)) found.set(name, `${name}: ${value.toFixed(2)} of ${least}${what === 'text' ? ` ("${element.textContent.trim().slice(0, 30)}")` : ''}`)
  }
  const leastOf = ({ fontSize, fontWeight }) => {
    const size = parseFloat(fontSize)
    return size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5
  }
  let texts = 0
  const { activeElement } = document
  if (activeElement !== document.body && getComputedStyle(activeElement).outlineStyle !== 'none') {
    check(activeElement.parentElement, `focus of ${activeElement.className} on the ground`, getComputedStyle(activeElement).outlineColor, 3)
  }
  for (const element of document.body.querySelectorAll('*')) {
    if (!isShown(element) || isExempt(element)) continue
    const style = getComputedStyle(element)
    if (element.matches('svg.icon')) check(element, 'glyph', style.color, 3)
    if (element.matches('input, textarea')) {
      const placeholder = element.value === ''
      check(element, placeholder ? 'placeholder' : 'value', placeholder ? getComputedStyle(element, '::placeholder').color : style.color, leastOf(style))
      const edge = parseFloat(style.borderTopWidth) > 0 ? element : element.closest('form')
      check(edge.parentElement, `edge around ${edge.className} on the ground`, getComputedStyle(edge).borderTopColor, 3)
    }
    if (element.closest('svg') || ![...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '')) continue
    texts++
    check(element, 'text', style.color, leastOf(style))
  }
  return { texts, weak: [...found.values()] }
}

/** What is wider than the window, and controls that are too small to hit (WCAG 2.5.8: 24 px) or have no name. */
export const misfits = (page) => page.evaluate(() => {
  const faults = []
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth} px`)
  for (const element of document.querySelectorAll('button, a[href], input, textarea, summary, [tabindex="0"]')) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.matches('.skip-link')) continue
    const { width, height } = element.getBoundingClientRect()
    const named = (element.getAttribute('aria-label') ?? '') + element.textContent + [...(element.labels ?? [])].map((label) => label.textContent).join('')
    if (width < 24 || height < 24) faults.push(`${element.className}: ${width} x ${height} px`)
    if (named.trim() === '') faults.push(`${element.className} has no name`)
  }
  return [...new Set(faults)]
})
