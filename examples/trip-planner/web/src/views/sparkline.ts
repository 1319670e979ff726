import { fromMarkup } from '../dom'

const width = 120
const height = 28

/** The last values as a line over a soft area; decoration, the numbers stand beside it. */
export function createSparkline(): { element: HTMLElement; update(values: readonly number[]): void } {
  const element = fromMarkup(`<svg class="sparkline" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true"><path class="sparkline__area"/><path class="sparkline__line" vector-effect="non-scaling-stroke"/></svg>`)
  const [area, line] = element.children as unknown as [SVGPathElement, SVGPathElement]
  return {
    element,
    update(values) {
      const top = Math.max(1, ...values)
      const step = width / Math.max(1, values.length - 1)
      const points = values.map((value, at) => `${(at * step).toFixed(1)} ${(height - 2 - (value / top) * (height - 6)).toFixed(1)}`)
      const path = points.length > 1 ? `M${points.join('L')}` : `M0 ${height - 2}H${width}`
      line.setAttribute('d', path)
      area.setAttribute('d', `${path}L${width} ${height}L0 ${height}Z`)
    },
  }
}
