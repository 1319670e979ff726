/** Cuts text into the pieces that a language model would give: words and parts of long words, spaces kept. */
export function toPieces(text: string): string[] {
  return text.match(/\s*\S{1,7}(?:\s*$)?|\s+$/g) ?? []
}

/** A random number of pieces a second, like a model whose speed varies. */
export function paceMs(random: () => number, minPerSecond = 40, maxPerSecond = 80): number {
  return 1000 / (minPerSecond + random() * (maxPerSecond - minPerSecond))
}
