import { fromMarkup } from '../dom'

/** 24 x 24 outlines, drawn in the text's colour. */
const paths = {
  send: '<path d="M4.5 12 20 4.5 15.5 20l-3.7-6.2z"/><path d="m11.8 13.8 3.7-4.3"/>',
  share: '<path d="M12 15V4"/><path d="m8 7.5 4-4 4 4"/><path d="M5 12v6.5A1.5 1.5 0 0 0 6.5 20h11a1.5 1.5 0 0 0 1.5-1.5V12"/>',
  link: '<path d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2"/><path d="M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2"/>',
  check: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  clock: '<circle cx="12" cy="12" r="8"/><path d="M12 7.5V12l3 2"/>',
  alert: '<circle cx="12" cy="12" r="8.5"/><path d="M12 8v4.5"/><path d="M12 16h.01"/>',
  sun: '<circle cx="12" cy="12" r="4"/><path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1"/>',
  moon: '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>',
  auto: '<circle cx="12" cy="12" r="8"/><path d="M12 4v16a8 8 0 0 0 0-16z" fill="currentColor"/>',
  people: '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.6-3.6 3.2-5.5 6.5-5.5s5.9 1.9 6.5 5.5"/><path d="M15.5 5.300a3.5 3.5 0 0 1 0 6.400M17.5 14.500c2.2.7 3.6 2.4 4 5"/>',
  map: '<path d="m3.5 6.5 5.5-2 6 2 5.5-2v13l-5.5 2-6-2-5.5 2z"/><path d="M9 4.500v13M15 6.500v13"/>',
  close: '<path d="M6 6l12 12M18 6 6 18"/>',
  down: '<path d="M12 5v14"/><path d="m6 13 6 6 6-6"/>',
  stop: '<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" stroke="none"/>',
  compass: '<circle cx="12" cy="12" r="8.5"/><path d="m15.5 8.5-2 5-5 2 2-5z" fill="currentColor"/>',
  plane: '<path d="M10.5 13.5 3.5 11l1.5-1.5 6.5.5 4-4.500c1-1 2.5-1.5 3.5-1 .5 1 0 2.5-1 3.500l-4.5 4 .5 6.5-1.5 1.500z"/>',
  offline: '<path d="M4 4l16 16"/><path d="M8.5 15.500a5 5 0 0 1 5.5-1M5.5 12a9 9 0 0 1 4-2.300M18.5 12a9 9 0 0 0-5-2.500M2.5 8.500A13 13 0 0 1 7 5.800M21.5 8.500a13 13 0 0 0-10-3.4"/><path d="M12 19h.01"/>',
  chevron: '<path d="m8 10 4 4 4-4"/>',
  search: '<circle cx="11" cy="11" r="6"/><path d="m15.500 15.500 4 4"/>',
  thought: '<path d="M12 4.500a6 6 0 0 0-3.500 10.900c.6.5 1 1.200 1 2.100h5c0-.9.4-1.600 1-2.100A6 6 0 0 0 12 4.500z"/><path d="M10 20h4"/>',
  plus: '<path d="M12 5.500v13M5.500 12h13"/>',
  up: '<path d="M12 19V5"/><path d="m6 11 6-6 6 6"/>',
  pulse: '<path d="M3 12h4l2.5-6 5 12 2.5-6h4"/>',
} as const

export type IconName = keyof typeof paths

export const icon = (name: IconName, className = ''): HTMLElement =>
  fromMarkup(`<svg class="icon ${className}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths[name]}</svg>`)

/** The sign of Landfall: the sun over two waves. The same picture as public/icon.svg. */
export const logo = (size: number): HTMLElement =>
  fromMarkup(`<svg class="logo" width="${size}" height="${size}" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" fill="#0b6e6e"/><circle cx="16" cy="13" r="5.5" fill="#ffc95e"/><path d="M4 19c3-2.6 5-2.6 8 0s5 2.6 8 0 5-2.6 8 0v4c-3-2.6-5-2.6-8 0s-5 2.6-8 0-5-2.6-8 0z" fill="#fff"/></svg>`)
