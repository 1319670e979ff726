// undici's WebSocket, the one Node offers as a global.
import { Agent, WebSocket } from 'undici'
import { converse, judge, messages, same } from './messages.mjs'

const [url, deflate] = [process.argv[2], process.argv[3] === 'deflate']
const dispatcher = new Agent({ connect: { rejectUnauthorized: false } })
const socket = new WebSocket(url, { dispatcher })
judge(await converse(socket, messages(), same, 4000), messages().length, deflate)
await dispatcher.close()
