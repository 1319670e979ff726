/**
 * Controls vanish when they are used: "Stop", a suggestion, the removal of a stop. Someone who works with the keyboard then goes on at
 * `fallback` instead of at the top of the page. Call the result after every change of the page.
 */
export function createFocusGuard(root: HTMLElement, fallback: (lost: Element) => void): () => void {
  let last: { element: HTMLElement; within: Element } | undefined
  root.addEventListener('focusin', ({ target }) => {
    const element = target as HTMLElement
    last = element.matches(':focus-visible') ? { element, within: element.closest('section') ?? root } : undefined
  })
  return () => {
    if (!last || (last.element.isConnected && last.element.checkVisibility())) return
    const { activeElement } = document
    const { element, within } = last
    last = undefined
    if (activeElement === document.body || activeElement === element) fallback(within)
  }
}
