// npm ws: echo, fragments, pings, close.
import { WebSocket } from 'ws'
import { converse, judge, messages, same } from './messages.mjs'

const [url, deflate] = [process.argv[2], process.argv[3] === 'deflate']
const options = { rejectUnauthorized: false, perMessageDeflate: { threshold: 0 } }

judge(await converse(new WebSocket(url, options), messages(), same, 4000), messages().length, deflate)

const socket = new WebSocket(url, options)
await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
const answer = new Promise((resolve) => socket.once('message', (data) => resolve(data.toString())))
const pong = new Promise((resolve) => socket.once('pong', (data) => resolve(data.toString())))
socket.send('one ', { fin: false })
socket.ping('between')
socket.send('two ', { fin: false })
socket.send('three', { fin: true })
if ((await pong) !== 'between') throw new Error('the pong was wrong')
if ((await answer) !== 'one two three') throw new Error('the fragments were joined wrongly')
socket.terminate()
