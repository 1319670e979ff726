/**
 * Where a piece of `text` from `start` on ends that takes at most `bytes` as a JSON string: between characters, at least one on.
 * Counts UTF-8; what JSON escapes as it is written there.
 */
export function pieceEnd(text: string, start: number, bytes: number): number {
  let at = start
  for (let left = bytes; at < text.length; ) {
    const point = text.codePointAt(at) as number
    const escaped = point < 0x20 || (point >= 0xd800 && point < 0xe000)
    left -= escaped ? 6 : point === 0x22 || point === 0x5c ? 2 : utf8Bytes(point)
    if (left < 0 && at > start) break
    at += point > 0xffff ? 2 : 1
  }
  return at
}

/** The place in `text` behind its first `bytes` bytes of UTF-8. */
export function placeOf(text: string, bytes: number): number {
  let at = 0
  for (let left = bytes; left > 0 && at < text.length; ) {
    const point = text.codePointAt(at) as number
    left -= utf8Bytes(point)
    at += point > 0xffff ? 2 : 1
  }
  return at
}

const utf8Bytes = (point: number) => (point < 0x80 ? 1 : point < 0x800 ? 2 : point > 0xffff ? 4 : 3)
