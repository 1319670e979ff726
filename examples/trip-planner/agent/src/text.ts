import { monthNames } from './catalog'

/** Lower case, no accents, only letters, digits and single spaces: the form in which text is searched. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/ø/gi, 'o')
    .replace(/ı/g, 'i')
    .replace(/[łŁ]/g, 'l')
    .replace(/ħ/gi, 'h')
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9€$£]+/g, ' ')
    .trim()
}

/** Whole-word search in folded text. */
export const hasWord = (folded: string, word: string): boolean => ` ${folded} `.includes(` ${word} `)

/** "a", "a and b", "a, b and c". */
export function listOf(words: readonly string[], joiner = 'and'): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} ${joiner} ${words[words.length - 1]}`
}

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Months in the shortest form that is still read aloud well: "Mar–Jun and Sep–Oct". */
export function monthSpan(months: readonly number[]): string {
  const has = new Set(months)
  if (has.size === 12) return 'all year'
  const short = (month: number): string => monthNames[month - 1]!.slice(0, 3)
  const starts = [...has].sort((a, b) => a - b).filter((month) => !has.has(month === 1 ? 12 : month - 1))
  const runs = starts.map((start) => {
    let end = start
    while (has.has((end % 12) + 1)) end = (end % 12) + 1
    return start === end ? short(start) : `${short(start)}–${short(end)}`
  })
  return listOf(runs)
}

const numberWords: Record<string, number> = {
  one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10, twelve: 12, fourteen: 14,
}

export const numberFrom = (word: string): number | undefined =>
  /^\d+$/.test(word) ? Number(word) : numberWords[word]
