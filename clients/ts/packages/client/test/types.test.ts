import { expectTypeOf, it } from 'vitest'
import WebSocketOfWs from 'ws'
import { createClient, type ChatMessage, type ClientOptions, type PublishResult, type WebSocketConstructor } from '../src/index'

interface OrderPlaced {
  order: number
}

const declared = () => {
  const client = createClient<{ order_placed: OrderPlaced }>({ url: 'ws://x' })
  const channel = client.channel('chat:1')
  return { client, channel }
}

it('handlers see the payload of their own event', () => {
  const check = () => {
    const { client, channel } = declared()
    client.on('chat_message', (event) => expectTypeOf(event.payload).toEqualTypeOf<ChatMessage>())
    channel.on('chat_message_chunk', (event) => expectTypeOf(event.payload.rev).toEqualTypeOf<[number, number]>())
    channel.on('agent_status_update', (event) => expectTypeOf(event.payload.progress).toEqualTypeOf<number | null>())
    channel.on('order_placed', (event) => expectTypeOf(event.payload).toEqualTypeOf<OrderPlaced>())
    channel.on('presence_join', (event) => expectTypeOf(event.payload.userId).toEqualTypeOf<string>())
    channel.on('gap', (gap) => expectTypeOf(gap.to.offset).toEqualTypeOf<number>())
    // @ts-expect-error no such event
    channel.on('order_shipped', () => {})
  }
  expectTypeOf(check).toBeFunction()
})

it('publish checks the payload', () => {
  const check = () => {
    const { client, channel } = declared()
    expectTypeOf(channel.publish('chat_message', { content: '', role: 'user' })).resolves.toEqualTypeOf<PublishResult>()
    void channel.publish('order_placed', { order: 1 })
    void channel.publish('chat_message_chunk', { messageId: 'm', content: '', isComplete: true })
    // @ts-expect-error role is not one of the four
    void channel.publish('chat_message', { content: '', role: 'robot' })
    // @ts-expect-error a payload of another event
    client.send('chat:1', 'user_typing', { order: 1 })
    // @ts-expect-error the server's own notices cannot be published
    void channel.publish('presence_join', { userId: 'u', clients: 1 })
  }
  expectTypeOf(check).toBeFunction()
})

it('states narrow by status', () => {
  const check = () => {
    const { client } = declared()
    if (client.state.status === 'waiting') expectTypeOf(client.state.retryAt).toEqualTypeOf<number>()
    if (client.state.status === 'closed' && client.state.reason.kind === 'rejected') expectTypeOf(client.state.reason.code).toEqualTypeOf<number>()
    // @ts-expect-error only while open
    void client.state.sessionId
  }
  expectTypeOf(check).toBeFunction()
})

it('the WebSocket of the browser and of ws fit', () => {
  expectTypeOf<typeof WebSocket>().toExtend<WebSocketConstructor>()
  expectTypeOf<typeof WebSocketOfWs>().toExtend<WebSocketConstructor>()
  expectTypeOf<{ url: string }>().toExtend<ClientOptions>()
})
