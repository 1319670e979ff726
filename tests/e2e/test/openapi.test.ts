import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { api, openUser, repository, request, useServer } from '../src/index'

// The OpenAPI document says what the server does: every endpoint, with its example.

const server = useServer()
const document = JSON.parse(readFileSync(join(repository, 'protocol/openapi.json'), 'utf8'))
const endpoints: [string, any][] = Object.entries<any>(document.paths).map(([path, item]) => [path.replace('/api/v1/', ''), item.post])

/** Whether `value` has the members that `schema` names as required, with the right kinds. */
function fits(value: any, schema: any): void {
  const target = schema.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : schema
  for (const name of target.required ?? []) expect(value).toHaveProperty([name])
  for (const [name, member] of Object.entries<any>(target.properties ?? {})) {
    if (value[name] === undefined || member.type === undefined) continue
    const kind = Array.isArray(value[name]) ? 'array' : typeof value[name]
    expect([name, kind === 'number' ? 'integer' : kind]).toEqual([name, member.type === 'number' ? 'integer' : member.type])
  }
}

describe('/openapi.json', () => {
  it('is served without a key, as it is in the repository', async () => {
    const answer = await request(`${server().internal}/openapi.json`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    expect(answer.body).toEqual(document)
    expect(answer.body.openapi).toBe('3.1.0')
  })

  it.each(endpoints)('%s exists and needs a key', async path => {
    const name = path.replace('{id}', 'nobody')
    expect((await api(server(), name, {}, { authorization: '' })).status).toBe(401)
    const answer = await api(server(), name, '{"broken')
    expect([400, 404]).toContain(answer.status)
    expect(answer.body.error.message).not.toBe('no such API endpoint')
  })

  const shown = endpoints.filter(([path, post]) => post.requestBody.content['application/json']?.example && !path.startsWith('rpc') && path !== 'receipts')
  it.each(shown)('the example of %s is answered as described', async (path, post) => {
    const ann = await openUser(server(), 'ann')
    if (path === 'unsubscribe') await ann.subscribe('chat:demo')
    if (path === 'state/delete') await api(server(), 'state/set', { channel: 'chat:demo', key: 'plan', value: 1 })
    const example = post.requestBody.content['application/json'].example
    const answer = await api(server(), path.replace('{id}', path.startsWith('users') ? 'ann' : ann.messages[0]!.payload.sessionId), example)
    expect([path, answer.status, answer.body?.error]).toEqual([path, 200, undefined])
    fits(answer.body, post.responses[200].content['application/json'].schema)
  })
})

describe('history/remove', () => {
  it('forgets what there was; positions go on, and who asks for it is told', async () => {
    const raw = await openUser(server(), 'hal')
    for (const content of ['one', 'two']) await raw.say('chat:gone', content)
    const before = (await api(server(), 'history', { channel: 'chat:gone' })).body
    expect(before.publications).toHaveLength(2)
    const removed = await api(server(), 'history/remove', { channel: 'chat:gone' })
    expect([removed.status, removed.body]).toEqual([200, { epoch: before.epoch, offset: 2 }])
    expect((await api(server(), 'history', { channel: 'chat:gone' })).body.publications).toEqual([])
    expect((await raw.subscribe('chat:gone', { since: { epoch: before.epoch, offset: 1 } })).payload).toMatchObject({ recovered: false, publications: [] })
    await raw.say('chat:gone', 'three')
    expect((await api(server(), 'history', { channel: 'chat:gone' })).body).toMatchObject({ offset: 3, publications: [{ offset: 3 }] })
  })
})
