import type { PlaceKind } from '../../../shared/events'
import { fromMarkup } from '../dom'

let serial = 0

/** Details of the foreground, so that two beaches are not one picture. */
const beachFronts: readonly string[] = [
  '<path d="M38 98c2-22 4-34 12-46" stroke="#5b4630" stroke-width="3.5" fill="none"/><path d="M50 52c-14-8-26-4-32 4 12-4 22-4 32-4zm0 0c2-14 14-20 26-16-10 4-18 8-26 16zm0 0c14-4 24 2 28 12-10-6-18-10-28-12zm0 0c-12 2-18 10-18 20 6-8 12-14 18-20z" fill="#2f7d55"/>',
  '<path d="M40 70h34l-7 9H47z" fill="#7a3b2e"/><path d="M56 36v31H36c2-14 9-25 20-31z" fill="#fff"/><path d="M60 42c9 6 14 14 15 25H60z" fill="#ffd9a8"/>',
  '<path d="M14 76c2-20 8-36 18-38 12 0 12 18 20 22 8 2 10 10 12 16z" fill="#2f7d6a"/><path d="M150 78c2-14 8-24 15-25 9 1 9 12 15 15 4 2 6 6 7 10z" fill="#3c8f78"/>',
  '<path d="M34 106 52 62" stroke="#f7f3ea" stroke-width="3"/><path d="M22 70c6-18 28-26 46-8 3 3 5 6 6 9-8-6-14-7-20-4-6-5-14-4-19 1-4-2-9-1-13 2z" fill="#e2583e"/>',
]

function hash(text: string): number {
  // FNV-1a.
  let value = 0x811c9dc5
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193) >>> 0
  return value ^ (value >>> 15)
}

interface Palette {
  sky: [string, string]
  sun: string
  far: string
  near: string
  ground: string
}

const palettes: Record<PlaceKind, Palette> = {
  beach: { sky: ['#8fd8e8', '#fdf0d0'], sun: '#ffcf5c', far: '#3aa7b8', near: '#1c8596', ground: '#f3d9a4' },
  mountains: { sky: ['#a9c9ee', '#f3ece6'], sun: '#fff3d6', far: '#8ea3c2', near: '#4f6d8e', ground: '#2f5d58' },
  city: { sky: ['#f7b98d', '#fdeacb'], sun: '#fff0c2', far: '#d98a72', near: '#a85a56', ground: '#6c3f4a' },
  desert: { sky: ['#f9c784', '#fdeccf'], sun: '#fff7e0', far: '#e4a15f', near: '#cb7a44', ground: '#a85b36' },
  wild: { sky: ['#bfe3c8', '#f4f3d8'], sun: '#ffe08a', far: '#7fb58c', near: '#3f8562', ground: '#24594a' },
  north: { sky: ['#132a4f', '#2d6b7f'], sun: '#e8fff4', far: '#3f7f92', near: '#1e4560', ground: '#e9f3f7' },
}

const shapes: Record<PlaceKind, (palette: Palette) => string> = {
  beach: (p) => `<path d="M0 62h220v60H0z" fill="${p.far}"/><path d="M0 74c30-6 50 6 80 0s60 4 90 0 40-2 50 0v50H0z" fill="${p.near}"/><path d="M0 96c60-16 130-8 220-2v30H0z" fill="${p.ground}"/>`,
  mountains: (p) => `<path d="M0 84 40 44l24 22 34-42 40 46 26-22 56 50v30H0z" fill="${p.far}"/><path d="m98 24 14 16-10 4-6-4-8 6-6-4z" fill="#fff" opacity=".9"/><path d="M0 100 48 66l40 26 50-34 82 44v24H0z" fill="${p.near}"/><path d="M0 106c60-12 150-10 220 0v20H0z" fill="${p.ground}"/>`,
  city: (p) => `<path d="M0 76h14V56h18v20h10V46h16v30h14V60h20v16h12V38h6v-8h4v8h6v38h16V54h20v22h14V48h18v28h32v50H0z" fill="${p.far}"/><path d="M0 92h24V72h22v20h18V78h26v14h16V64l10-8 10 8v28h24V76h22v16h48v34H0z" fill="${p.near}"/><path d="M0 106h220v20H0z" fill="${p.ground}"/>`,
  desert: (p) => `<path d="M0 84c30-22 58-22 88-4s70-14 132 4v40H0z" fill="${p.far}"/><path d="M0 98c46-22 84-10 116-4s70-16 104-2v34H0z" fill="${p.near}"/><path d="M0 110c70-12 150 0 220-6v20H0z" fill="${p.ground}"/>`,
  wild: (p) => `<path d="M0 78c30-26 62-26 92-6s82-22 128 2v50H0z" fill="${p.far}"/><path d="M0 94c40-14 76-14 116-2s74-12 104 0v34H0z" fill="${p.near}"/><g fill="${p.ground}"><path d="m30 62 12 28H18zM56 70l10 24H46zM176 58l13 32h-26zM200 70l10 22h-20z"/><path d="M0 106c70-10 150-6 220 0v20H0z"/></g>`,
  north: (p) => `<path d="M-6 40c40-30 60 10 110-12s80-10 122-22v22c-40 10-70 4-118 22S30 46-6 64z" fill="#6df0b8" opacity=".55"/><path d="M10 30c40-20 70 14 112-6s60-6 98-10v12c-40 4-60 0-96 14S40 32 10 42z" fill="#9bf6d8" opacity=".5"/><path d="M0 92 36 60l26 20 38-34 36 36 30-22 54 36v30H0z" fill="${p.far}"/><path d="M0 104 60 80l60 20 50-18 50 24v20H0z" fill="${p.near}"/><path d="M0 108c70-10 150-6 220 0v20H0z" fill="${p.ground}"/>`,
}

/** A small landscape for a place: decoration, always the same for the same place. */
export function scene(kind: PlaceKind, seed: string, className = 'scene'): HTMLElement {
  const p = palettes[kind]
  const id = `sky-${++serial}`
  const chance = hash(seed) >>> 0
  const evening = kind !== 'north' && chance % 3 === 0
  const [top, bottom] = evening ? ['#f6a987', '#ffe6b8'] : p.sky
  const sunX = 70 + ((chance >>> 4) % 90)
  const sunY = evening ? 52 : 32
  const stars = kind === 'north' ? '<g fill="#fff" opacity=".7"><circle cx="30" cy="18" r="1"/><circle cx="86" cy="12" r="1.2"/><circle cx="150" cy="30" r="1"/><circle cx="196" cy="46" r="1"/></g>' : ''
  const sun = kind === 'north' ? '' : `<circle cx="${sunX}" cy="${sunY}" r="14" fill="${evening ? '#fff3cf' : p.sun}"/>`
  const front = kind === 'beach' ? beachFronts[(chance >>> 8) % beachFronts.length]! : ''
  const mirror = (chance >>> 12) % 2 === 0 ? '' : ' transform="matrix(-1 0 0 1 220 0)"'
  return fromMarkup(`<svg class="${className}" viewBox="0 0 220 120" preserveAspectRatio="xMidYMid slice" aria-hidden="true"><defs><linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs><rect width="220" height="120" fill="url(#${id})"/>${stars}<g${mirror}>${sun}${shapes[kind](p)}${front}</g></svg>`)
}

/** The picture of the empty page: a small boat, a wide bay, the sun going down. */
export const hero = (): HTMLElement => fromMarkup(`<svg class="hero" viewBox="0 0 480 220" preserveAspectRatio="xMidYMid slice" aria-hidden="true"><defs><linearGradient id="hero-sky" x1="0" y1="0" x2="0" y2="1"><stop class="hero-sky-1"/><stop offset="1" class="hero-sky-2"/></linearGradient></defs><rect width="480" height="220" fill="url(#hero-sky)"/><circle cx="330" cy="112" r="44" class="hero-sun"/><path d="M0 128c34-30 60-34 92-16 22-26 58-30 88-2 20 8 36 14 60 18z" class="hero-far"/><path d="M480 128c-22-24-52-34-82-18-22-14-50 0-66 18z" class="hero-far"/><path d="M0 128h480v92H0z" class="hero-sea"/><g class="hero-glints"><path d="M292 140h76M304 150h52M312 160h36M322 170h18"/></g><g class="hero-boat"><path d="M150 158h64l-12 18h-40z" class="hero-hull"/><path d="M180 96v58h-36c4-26 16-46 36-58z" class="hero-sail"/><path d="M186 106c16 12 26 28 28 48h-28z" class="hero-jib"/></g><path d="M0 186c40-12 80 8 120 0s80-10 120 0 80 8 120 0 80-8 120 0v34H0z" class="hero-wave"/></svg>`)
