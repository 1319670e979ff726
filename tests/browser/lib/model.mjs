import { createServer } from 'node:http'

/** A language model behind the OpenAI API that says one sentence, word by word, whatever it is asked; a silent one never ends. */
export async function startModel(words, { silent = false } = {}) {
  const requests = []
  let broken = 0
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push({ path: request.url, authorization: request.headers.authorization, body: JSON.parse(body) })
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const content of words) response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
    response.on('close', () => (broken += response.writableFinished ? 0 : 1))
    if (!silent) response.end('data: [DONE]\n\n')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    requests,
    /** Requests that were given up before the end. */
    get broken() {
      return broken
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
