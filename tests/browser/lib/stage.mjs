import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { launch } from './browser.mjs'
import { createPerson } from './person.mjs'
import { createServerUnderTest, root, startAgent } from './processes.mjs'
import { until } from './wait.mjs'

/**
 * The server, the agent and the browser behind every scene. A scene is a test with a trip and people of its own, and begins with both
 * processes as they should be: one that fails costs no other.
 */
export function createStage(name) {
  const output = join(root, 'tests/output/browser', name)
  let server, agent, browser

  /** An agent with this environment; the one that runs, when it is that. */
  const runAgent = async (env = {}) => {
    const key = JSON.stringify(env)
    if (agent?.alive && agent.key === key) return agent
    await agent?.stop()
    agent = Object.assign(startAgent({ ...server.env(), ...env }, output), { key })
    return agent
  }

  const enter = async (people, person, address, options) => {
    const entered = await createPerson(browser, person, address, output, options)
    people.push(entered)
    await entered.join()
    await entered.seesLive()
    return entered
  }

  /** The agent is in the trip: it has read what was said there, and knows who is there. */
  const joined = async ([first]) => {
    const room = new URL(first.page.url()).searchParams.get('trip')
    await until(`the agent joins ${room}`, () => agent.tail().includes(`joined ${room} `))
  }

  /** The first opens a trip, the others come by its address; the agent is there when they begin. */
  const meet = async (people, names) => {
    for (const name of names) await enter(people, name, people[0]?.page.url() ?? server.url)
    if (people.length === 0) return
    await joined(people)
    for (const person of people) await person.seesSummary(`${names.length === 1 ? 'Just you' : `${names.length} people`} and Juno`)
  }

  return {
    output,
    get server() {
      return server
    },
    get browser() {
      return browser
    },
    async open() {
      rmSync(output, { recursive: true, force: true })
      mkdirSync(output, { recursive: true })
      server = await createServerUnderTest(output)
      browser = await launch()
    },
    async close() {
      await browser?.close()
      await agent?.stop()
      await server?.kill()
    },
    /**
     * `body` gets the people by their names in small letters, `enter` for who comes later, `runAgent(env)` for another agent in the trip
     * and `stopAgent(signal)`.
     */
    scene(title, names, body) {
      test(title, async () => {
        const people = []
        try {
          await server.run()
          await runAgent()
          await meet(people, names)
          await body({
            ...Object.fromEntries(people.map((person) => [person.name.toLowerCase(), person])),
            enter: (name, address = people[0].page.url(), options = {}) => enter(people, name, address, options),
            runAgent: (env) => runAgent(env).then(() => joined(people)),
            stopAgent: (signal) => agent.stop(signal),
          })
          for (const person of people) await person.expectCalm()
        } catch (error) {
          for (const person of people) await person.picture(`failed-${title.replace(/\W+/g, '-').slice(0, 40)}`).catch(() => undefined)
          throw error
        } finally {
          for (const person of people) await person.close().catch(() => undefined)
        }
      })
    },
  }
}
