import { h } from '../dom'
import { icon } from './icons'

const hues = [12, 38, 96, 158, 190, 222, 268, 322]

export function hueOf(userId: string): number {
  let hash = 0
  for (const char of userId) hash = (hash * 31 + char.codePointAt(0)!) >>> 0
  return hues[hash % hues.length]!
}

const initials = (name: string): string => {
  const words = name.trim().split(/\s+/)
  const first = [...(words[0] ?? '?')][0] ?? '?'
  const last = words.length > 1 ? ([...words[words.length - 1]!][0] ?? '') : ''
  return (first + last).toUpperCase()
}

/** A person's initials on a colour of their own; the agent has a compass. */
export function avatar({ userId, name, isAgent }: { userId: string; name: string; isAgent: boolean }): HTMLElement {
  const element = h('span', { class: isAgent ? 'avatar avatar--agent' : 'avatar', attrs: { 'aria-hidden': 'true' } })
  if (isAgent) element.append(icon('compass'))
  else {
    element.textContent = initials(name)
    element.style.setProperty('--hue', String(hueOf(userId)))
  }
  return element
}
