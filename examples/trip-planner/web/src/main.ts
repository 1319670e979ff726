import './styles/index.css'
import { newRoom, roomFromUrl, saveName, savedIdentity, titleOf, urlOfRoom, type Identity } from './identity'
import { openTrip } from './trip'
import { showTrip } from './views/page'
import { askName } from './views/welcome'

const root = document.getElementById('app') as HTMLElement

function socketUrl(): string {
  const url = new URL('/ws', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}

function start(room: string, me: Identity): void {
  document.title = `${titleOf(room)} · Landfall`
  const trip = openTrip(room, me, socketUrl())
  // Who closes the page is gone at once; who only loses the connection is waited for. A page that is kept may come back.
  addEventListener('pagehide', (event) => event.persisted || trip.close())
  const takeOff = showTrip(root, trip, {
    rename() {
      takeOff()
      trip.close()
      void askName(root, room, true, me.name).then((name) => start(room, saveName(name)))
    },
    newTrip: () => location.assign(urlOfRoom(newRoom(), new URL(location.href))),
  })
}

const invited = roomFromUrl(new URL(location.href))
const room = invited ?? newRoom()
const known = savedIdentity()
// Not with history.pushState: "back" leads out of the page, not to the page without its room.
if (!invited) history.replaceState(null, '', urlOfRoom(room, new URL(location.href)))
if (known) start(room, known)
else void askName(root, room, invited !== undefined).then((name) => start(room, saveName(name)))
