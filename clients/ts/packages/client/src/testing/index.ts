export { createFakeClock, type FakeClock } from './fake_clock'
export { createFakeNetwork, type FakeNetwork, type FakeConnection, type WireMessage } from './fake_network'
export { seededRandom } from './seeded_random'
