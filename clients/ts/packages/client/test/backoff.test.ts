import { expect, it } from 'vitest'
import { backoffMs } from '../src/backoff'
import { seededRandom } from '../src/testing/index'

it('the first delay is random from 0 to 1 s', () => {
  const random = seededRandom(1)
  const delays = Array.from({ length: 2000 }, () => backoffMs(0, random()))
  expect(Math.min(...delays)).toBeLessThan(20)
  expect(Math.max(...delays)).toBeLessThan(1000)
  expect(Math.max(...delays)).toBeGreaterThan(980)
})

it('the range doubles up to 30 s and stays there', () => {
  const ranges = [0, 1, 2, 3, 4, 5, 6, 40, 2000].map((attempt) => backoffMs(attempt, 0.999999))
  expect(ranges.map((ms) => Math.ceil(ms / 1000))).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30])
})
