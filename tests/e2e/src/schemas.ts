import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { repository } from './server'

interface MessageRow {
  name: string
  client?: string
  server?: string
}

const folder = join(repository, 'protocol', 'schemas')
const ajv = new Ajv2020({ strict: false, allErrors: true })
for (const name of readdirSync(folder)) ajv.addSchema(JSON.parse(readFileSync(join(folder, name), 'utf8')), name)
const { messages } = JSON.parse(readFileSync(join(repository, 'protocol', 'codes.json'), 'utf8')) as { messages: MessageRow[] }

function faultsBy(schema: string, value: unknown): string[] {
  const validate = ajv.getSchema(`${schema}.json`)
  if (!validate) throw new Error(`no schema ${schema}`)
  return validate(value) ? [] : (validate.errors ?? []).map((each) => `${schema}: ${each.instancePath || '/'} ${each.message}`)
}

/** What is wrong with a message by the schemas; its payload has to fit one of the two directions. */
export function messageFaults(message: unknown): string[] {
  if (Array.isArray(message)) return message.flatMap(messageFaults)
  const faults = faultsBy('envelope', message)
  if (faults.length > 0) return faults
  const { type, payload = {} } = message as { type: string; payload?: unknown }
  const row = messages.find((each) => each.name === type)
  const schemas = [row?.client, row?.server].filter((each): each is string => each !== undefined)
  const results = schemas.map((schema) => faultsBy(schema, payload))
  return results.length === 0 || results.some((each) => each.length === 0) ? [] : results.flat()
}

/** Whether `value` alone is what the schema says of one member. */
export function memberFits(schema: string, member: string, value: unknown): boolean {
  const validate = ajv.getSchema(`${schema}.json#/properties/${member}`)
  if (!validate) throw new Error(`no member ${member} in schema ${schema}`)
  return validate(value) === true
}
