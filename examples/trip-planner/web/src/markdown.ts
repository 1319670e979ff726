/**
 * Light markdown to HTML: headings, lists, tables, quotes, code, bold, italics, links.
 * Every character of the input is escaped; the only tags in the output are the ones written here.
 */

export interface MarkdownOptions {
  /** The text is still growing: what is open at its end is closed, so that nothing flickers. */
  growing?: boolean
  /** Single line breaks are kept: for what people type. */
  breaks?: boolean
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char]!)

/** One string of HTML for each block, so that a page can replace only those that changed. */
export function renderBlocks(text: string, options: MarkdownOptions = {}): string[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const blocks: string[] = []
  let at = 0
  while (at < lines.length) {
    if (lines[at]!.trim() === '') {
      at++
      continue
    }
    const block = readBlock(lines, at, options)
    blocks.push(block.html)
    at = block.next
  }
  return blocks
}

interface Block {
  html: string
  next: number
}

const heading = /^(#{1,4})\s+(.*)$/
const bullet = /^\s*[-*•]\s+(.*)$/
const numbered = /^\s*(\d{1,3})[.)]\s+(.*)$/
const separator = /^\s*\|?[\s:|-]*-[\s:|-]*$/

function readBlock(lines: readonly string[], at: number, options: MarkdownOptions): Block {
  const line = lines[at]!
  if (line.startsWith('```')) return readCode(lines, at)
  const title = heading.exec(line)
  if (title) {
    // One level for all, so that an answer may begin with any: the page's own headings end at the second.
    const minor = title[1]!.length > 2 ? ' class="minor"' : ''
    return { html: `<h3${minor}>${inline(closed(title[2]!, options, at === lines.length - 1))}</h3>`, next: at + 1 }
  }
  if (/^\s*(-{3,}|\*{3,})\s*$/.test(line)) return { html: '<hr>', next: at + 1 }
  if (line.startsWith('|') && isTable(lines, at, options)) return readTable(lines, at, options)
  if (bullet.test(line)) return readList(lines, at, options, 'ul', bullet)
  if (numbered.test(line)) return readList(lines, at, options, 'ol', numbered)
  if (line.startsWith('>')) return readQuote(lines, at, options)
  return readParagraph(lines, at, options)
}

function readCode(lines: readonly string[], at: number): Block {
  let end = at + 1
  while (end < lines.length && !lines[end]!.startsWith('```')) end++
  return { html: `<pre><code>${escapeHtml(lines.slice(at + 1, end).join('\n'))}</code></pre>`, next: end + 1 }
}

function isTable(lines: readonly string[], at: number, { growing }: MarkdownOptions): boolean {
  const below = lines[at + 1]
  if (below === undefined || below === '') return growing === true && at + 2 >= lines.length
  return separator.test(below) || (growing === true && at + 2 >= lines.length && /^[\s:|-]+$/.test(below))
}

const cells = (line: string): string[] => line.replace(/^\s*\|/, '').replace(/\|\s*$/, '').split('|').map((cell) => cell.trim())

function readTable(lines: readonly string[], at: number, options: MarkdownOptions): Block {
  const head = cells(lines[at]!)
  let end = at + 2
  const rows: string[] = []
  for (; end < lines.length && lines[end]!.startsWith('|'); end++) {
    const row = cells(lines[end]!).slice(0, head.length)
    while (row.length < head.length) row.push('')
    rows.push(`<tr>${row.map((cell, column) => tableCell(closed(cell, options, end === lines.length - 1), column)).join('')}</tr>`)
  }
  const titles = head.map((cell) => (cell ? `<th scope="col">${inline(cell)}</th>` : '<td></td>')).join('')
  const html = `<div class="table" tabindex="0" role="region" aria-label="Table"><table><thead><tr>${titles}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
  return { html, next: Math.min(end, lines.length) }
}

const tableCell = (cell: string, column: number): string =>
  column === 0 ? `<th scope="row">${inline(cell)}</th>` : `<td>${inline(cell)}</td>`

function readList(lines: readonly string[], at: number, options: MarkdownOptions, tag: 'ul' | 'ol', pattern: RegExp): Block {
  const items: string[] = []
  let end = at
  for (; end < lines.length; end++) {
    const found = pattern.exec(lines[end]!)
    if (!found) break
    items.push(`<li>${inline(closed(found[found.length - 1]!, options, end === lines.length - 1))}</li>`)
  }
  const start = tag === 'ol' ? Number(numbered.exec(lines[at]!)![1]) : 1
  return { html: `<${tag}${start > 1 ? ` start="${start}"` : ''}>${items.join('')}</${tag}>`, next: end }
}

function readQuote(lines: readonly string[], at: number, options: MarkdownOptions): Block {
  let end = at
  while (end < lines.length && lines[end]!.startsWith('>')) end++
  const text = lines.slice(at, end).map((line) => line.replace(/^>\s?/, '')).join('\n')
  return { html: `<blockquote>${withBreaks(closed(text, options, end === lines.length), options)}</blockquote>`, next: end }
}

function readParagraph(lines: readonly string[], at: number, options: MarkdownOptions): Block {
  let end = at + 1
  while (end < lines.length && lines[end]!.trim() !== '' && !startsBlock(lines[end]!)) end++
  const text = lines.slice(at, end).join('\n')
  return { html: `<p>${withBreaks(closed(text, options, end === lines.length), options)}</p>`, next: end }
}

const startsBlock = (line: string): boolean =>
  heading.test(line) || bullet.test(line) || numbered.test(line) || line.startsWith('```') || line.startsWith('|') || line.startsWith('>')

const withBreaks = (text: string, { breaks }: MarkdownOptions): string =>
  inline(text).replace(/\n/g, breaks ? '<br>' : ' ')

/** Closes what a growing text has open at its end, and hides half a marker. */
function closed(text: string, { growing }: MarkdownOptions, isLast: boolean): string {
  if (!growing || !isLast) return text
  let shown = text.replace(/\*{1,2}$/, '').replace(/\[[^\]]*(\]\([^)]*)?$/, (open) => open.replace(/^\[/, '').replace(/\]\(.*$/, ''))
  if ((shown.match(/\*\*/g)?.length ?? 0) % 2 === 1) shown += '**'
  if ((shown.match(/`/g)?.length ?? 0) % 2 === 1) shown += '`'
  return shown
}

const marks = /`([^`\n]+)`|\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:!?])|\*\*(?=\S)([^\n]*?\S)\*\*|(?<![*\w])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![*\w])/g
const maxDepth = 3

function inline(text: string, depth = 0): string {
  if (depth > maxDepth) return escapeHtml(text)
  let html = ''
  let from = 0
  for (const match of text.matchAll(marks)) {
    const [whole, code, label, address, bare, bold, italic] = match
    html += escapeHtml(text.slice(from, match.index))
    from = match.index + whole.length
    if (code !== undefined) html += `<code>${escapeHtml(code)}</code>`
    else if (address !== undefined) html += link(address, inline(label!, depth + 1))
    else if (bare !== undefined) html += link(bare, escapeHtml(bare))
    else if (bold !== undefined) html += `<strong>${inline(bold, depth + 1)}</strong>`
    else html += `<em>${inline(italic!, depth + 1)}</em>`
  }
  return html + escapeHtml(text.slice(from))
}

const link = (address: string, label: string): string =>
  `<a href="${escapeHtml(address)}" target="_blank" rel="noopener noreferrer nofollow">${label}</a>`

/** The text without its marks: what a screen reader is told when a message is finished. */
export function plainText(text: string): string {
  return text
    .replace(/^\|?[\s:|-]+\|?$/gm, '')
    .replace(/^#{1,4}\s+|^\s*[-*•]\s+/gm, '')
    .replace(/\*\*|`/g, '')
    .replace(/\[([^\]\n]+)\]\([^)]*\)/g, '$1')
    .replace(/\s*\|\s*/g, ', ')
    .replace(/\s+/g, ' ')
    .trim()
}
