import { describe, expect, it } from 'vitest'
import { plainText, renderBlocks } from '../src/markdown'

const html = (text: string, options = {}): string => renderBlocks(text, options).join('')

describe('what it renders', () => {
  it.each([
    ['**bold** and *soft*', '<p><strong>bold</strong> and <em>soft</em></p>'],
    ['## Title\ntext', '<h3>Title</h3><p>text</p>'],
    ['### Day 1: **x**', '<h3 class="minor">Day 1: <strong>x</strong></h3>'],
    ['- a\n- b', '<ul><li>a</li><li>b</li></ul>'],
    ['2. a\n3. b', '<ol start="2"><li>a</li><li>b</li></ol>'],
    ['one\ntwo', '<p>one two</p>'],
    ['2 * 3 * 4', '<p>2 * 3 * 4</p>'],
    ['`a < b`', '<p><code>a &lt; b</code></p>'],
    ['> quoted', '<blockquote>quoted</blockquote>'],
    ['```\n<b>\n```', '<pre><code>&lt;b&gt;</code></pre>'],
  ])('%j', (text, expected) => {
    expect(html(text)).toBe(expected)
  })

  it('keeps line breaks of what people type', () => {
    expect(html('one\ntwo', { breaks: true })).toBe('<p>one<br>two</p>')
  })

  it('renders a table with heads for its rows and columns', () => {
    const table = html('| | A | B |\n|---|---|---|\n| Price | 1 | 2 |')
    expect(table).toContain('<th scope="col">A</th>')
    expect(table).toContain('<th scope="row">Price</th><td>1</td><td>2</td>')
  })

  it('links only to http and https', () => {
    expect(html('[x](https://a.b/c?d=1&e=2)')).toContain('href="https://a.b/c?d=1&amp;e=2"')
    expect(html('see https://a.b/c.')).toContain('href="https://a.b/c"')
    expect(html('[x](javascript:alert(1))')).not.toContain('<a')
    expect(html('[x](data:text/html,x)')).not.toContain('<a')
  })
})

describe('what it never lets through', () => {
  const hostile = [
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '**<img src=x onerror=alert(1)>**', '# <svg onload=alert(1)>',
    '- <iframe srcdoc="x">', '| <b onclick=x> |\n|---|\n| <i> |', '`</code><script>`', '```\n</pre><script>\n```', '> <script>',
    '[<img src=x>](https://a.b)', '[x](https://a.b/"onmouseover="alert(1))', "[x](https://a.b/'><script>)", 'https://a.b/"><script>alert(1)</script>',
    '&lt;script&gt;', '<!-- x -->', '<a href="javascript:x">', '**a** <b>c</b> *<u>d</u>*',
  ]
  const allowed = /^<\/?(p|h3|ul|ol|li|strong|em|code|pre|blockquote|br|hr|div|table|thead|tbody|tr|th|td|a)(\s[^<>]*)?>$/

  it.each(hostile)('%j', (text) => {
    for (const growing of [false, true]) {
      const out = html(text, { growing })
      for (const tag of out.match(/<[^>]*>/g) ?? []) {
        expect(tag).toMatch(allowed)
        expect(tag).not.toMatch(/\son\w+\s*=/i)
        expect(tag.replace(/href="https?:[^"]*"/, '')).not.toMatch(/javascript:|src/i)
      }
      expect(out).not.toMatch(/<(script|img|svg|iframe|b|i|u)\b/i)
    }
  })

  it('stays safe however a growing text is cut', () => {
    for (const text of hostile) {
      for (let at = 0; at <= text.length; at++) expect(html(text.slice(0, at), { growing: true })).not.toMatch(/<(script|img|svg|iframe)\b/i)
    }
  })
})

describe('a growing text', () => {
  it('closes what is open at its end', () => {
    expect(html('go to **Lis', { growing: true })).toBe('<p>go to <strong>Lis</strong></p>')
    expect(html('go to *', { growing: true })).toBe('<p>go to </p>')
    expect(html('go to **', { growing: true })).toBe('<p>go to </p>')
  })

  it('shows a table from its first line on', () => {
    expect(html('| | A |', { growing: true })).toContain('<table>')
    expect(html('| | A |\n|--', { growing: true })).toContain('<table>')
    expect(html('| | A |\n|---|---|\n| x', { growing: true })).toContain('<th scope="row">x</th>')
  })

  it('leaves finished blocks as they are', () => {
    const text = '### One\n\n- **a:** b\n\nlast words here'
    const done = renderBlocks(text.slice(0, 20), { growing: true })
    expect(renderBlocks(text, { growing: true }).slice(0, 1)).toEqual(done.slice(0, 1))
  })
})

it('gives screen readers the words only', () => {
  expect(plainText('### Day 1\n\n- **Morning:** *walk*\n\n| a | b |\n|---|---|\n| c | d |')).toContain('Day 1 Morning:')
})
