import type { StreamEnd, StreamOptions, StreamWriter } from '@tidewire/client'

export type Piece = { content: string; part?: { id: string; kind: string; name?: string } | undefined }

/** A channel whose messages are kept as they are written; `end` says how the next one ends, `stopAt` after which piece someone stops it. */
export function fakeChannel({ ends = [], stopAt = Infinity }: { ends?: StreamEnd[]; stopAt?: number } = {}) {
  const streams: Array<{ messageId: string; options: StreamOptions; pieces: Piece[]; end: StreamEnd | undefined }> = []
  const stream = (messageId: string, options: StreamOptions = {}): StreamWriter => {
    const own = { messageId, options, pieces: [] as Piece[], end: undefined as StreamEnd | undefined }
    const cancels: Array<(reason: string | undefined) => void> = []
    streams.push(own)
    const finish = (end: StreamEnd): Promise<StreamEnd> => Promise.resolve((own.end ??= end))
    return {
      messageId,
      done: new Promise(() => undefined),
      get ended() {
        return own.end
      },
      open: () => Promise.resolve(),
      append(content, { part } = {}) {
        if (!own.end) own.pieces.push({ content, part })
        if (own.pieces.length === stopAt && !own.end) {
          own.end = { status: 'cancelled', reason: 'enough' }
          for (const handler of cancels) handler('enough')
        }
        return Promise.resolve()
      },
      complete: () => finish(ends.shift() ?? { status: 'complete' }),
      cancel: (reason) => finish({ status: 'cancelled', reason }),
      onCancel(handler) {
        cancels.push(handler)
        return () => undefined
      },
    }
  }
  const textOf = (at: number): string => streams[at]!.pieces.filter(({ part }) => !part).map(({ content }) => content).join('')
  return { channel: { stream }, streams, textOf }
}
