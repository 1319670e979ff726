/** The `data` of each server-sent event in a stream of bytes, cut anywhere. WHATWG HTML, section 9.2. */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  const parser = createEventParser()
  for await (const chunk of chunks) yield* parser.feed(decoder.decode(chunk, { stream: true }))
  yield* parser.feed(decoder.decode())
}

export interface EventParser {
  feed(text: string): string[]
}

/** Lines end in LF, CR or CRLF; an empty line ends an event; an event that is not ended by one does not count. */
export function createEventParser(): EventParser {
  let rest = ''
  let data: string[] = []
  return {
    feed(text) {
      const events: string[] = []
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) events.push(data.join('\n'))
          data = []
        } else if (line === 'data' || line.startsWith('data:')) {
          data.push(line.slice(5).replace(/^ /, ''))
        }
      }
      return events
    },
  }
}
