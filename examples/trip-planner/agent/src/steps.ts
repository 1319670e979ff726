import type { Destination } from './catalog'

/** Something the agent does for an answer. */
export interface Step {
  /** Which tool it uses; without one it is a thought. */
  tool?: string
  says: string
  /** What came of it. */
  found?: string
}

export interface Answer {
  /** Light markdown. */
  text: string
  /** The places it is about, in its order. */
  places: Destination[]
  /** The month that was asked for. */
  month?: number
  steps: Step[]
}

export const reading: Step = { says: 'Reading the question' }
