import { destinations, type Destination } from './catalog'
import { fold, hasWord } from './text'

/** Other names people use. */
const aliases: Record<string, string> = {
  nyc: 'new-york-city', 'new york': 'new-york-city', manhattan: 'new-york-city', rio: 'rio-de-janeiro',
  saigon: 'ho-chi-minh-city', lapland: 'rovaniemi', tuscany: 'florence', provence: 'nice', riviera: 'nice',
  amalfi: 'naples-and-the-amalfi-coast', positano: 'naples-and-the-amalfi-coast', capri: 'naples-and-the-amalfi-coast',
  pompeii: 'naples-and-the-amalfi-coast', skye: 'isle-of-skye', fjords: 'bergen-and-the-fjords',
  lucerne: 'zurich-and-lucerne', zurich: 'zurich-and-lucerne', jungfrau: 'interlaken-and-the-jungfrau',
  'lake bled': 'ljubljana-and-lake-bled', bled: 'ljubljana-and-lake-bled', transylvania: 'bucharest-and-transylvania',
  petra: 'petra-and-wadi-rum', 'wadi rum': 'petra-and-wadi-rum', 'masai mara': 'nairobi-and-the-masai-mara',
  'maasai mara': 'nairobi-and-the-masai-mara', 'angkor wat': 'siem-reap', angkor: 'siem-reap', ubud: 'bali',
  'ha long bay': 'hanoi', 'halong bay': 'hanoi', borobudur: 'yogyakarta', sapporo: 'hokkaido', niseko: 'hokkaido',
  'el nido': 'palawan', 'taj mahal': 'delhi-agra-and-jaipur', rajasthan: 'delhi-agra-and-jaipur', annapurna: 'kathmandu-and-pokhara',
  'machu picchu': 'cusco-and-machu-picchu', 'el chalten': 'patagonia-el-chalten-and-el-calafate',
  'el calafate': 'patagonia-el-chalten-and-el-calafate', patagonia: 'patagonia-el-chalten-and-el-calafate',
  maui: 'hawaii-maui', hawaii: 'hawaii-maui', yellowstone: 'yellowstone-and-grand-teton', 'grand canyon': 'grand-canyon-and-utah-parks',
  zion: 'grand-canyon-and-utah-parks', 'key west': 'miami', tulum: 'tulum-and-the-riviera-maya', cancun: 'tulum-and-the-riviera-maya',
  'lake atitlan': 'antigua-and-lake-atitlan', galapagos: 'galapagos-islands', uyuni: 'salar-de-uyuni', atacama: 'atacama-desert',
  iguazu: 'iguazu-falls', iguacu: 'iguazu-falls', tahiti: 'bora-bora-and-tahiti', 'bora bora': 'bora-bora-and-tahiti',
  'great barrier reef': 'cairns-and-the-great-barrier-reef', 'bay of islands': 'auckland-and-the-bay-of-islands',
  namibia: 'namibia-s-desert', kruger: 'kruger-national-park', gili: 'lombok-and-the-gili-islands',
  gozo: 'valletta-and-malta', 'mallorca': 'mallorca', majorca: 'mallorca', canaries: 'tenerife', 'seville': 'seville',
  cracow: 'krakow', lisboa: 'lisbon', roma: 'rome', wien: 'vienna', praha: 'prague', goreme: 'cappadocia', cdmx: 'mexico-city',
}

/** Names that are also words: only with a capital letter, and not as the first word of the message. */
const alsoWords = new Set(['nice', 'split', 'fes'])

const byId = new Map(destinations.map((place) => [place.id, place]))

/** Every spelling of every place, longest first, so that "san sebastian" wins over a shorter name inside it. */
const names: ReadonlyArray<{ name: string; place: Destination }> = buildNames()

function buildNames(): Array<{ name: string; place: Destination }> {
  const all = new Map<string, Destination>()
  for (const place of destinations) {
    const parts = place.name.replace(/[()]/g, ' and ').split(/,| and (?:the )?/)
    for (const part of [place.name, ...parts]) {
      const name = fold(part).replace(/^the /, '')
      if (name.length > 2) all.set(name, place)
    }
  }
  for (const [name, id] of Object.entries(aliases)) {
    const place = byId.get(id)
    if (place) all.set(name, place)
  }
  return [...all].map(([name, place]) => ({ name, place })).sort((a, b) => b.name.length - a.name.length)
}

export const placeById = (id: string): Destination | undefined => byId.get(id)

/** The places a text names, in the order of the text. */
export function findPlaces(text: string): Destination[] {
  let rest = ` ${fold(text)} `
  const found: Array<{ at: number; place: Destination }> = []
  for (const { name, place } of names) {
    const at = rest.indexOf(` ${name} `)
    if (at < 0 || (alsoWords.has(name) && !isProperName(text, name))) continue
    found.push({ at, place })
    rest = rest.replace(` ${name} `, ` ${'#'.repeat(name.length)} `)
  }
  if (/\bLA\b/.test(text)) pushNamed(found, text, 'LA', 'los-angeles')
  if (/\bSF\b/.test(text)) pushNamed(found, text, 'SF', 'san-francisco')
  found.sort((a, b) => a.at - b.at)
  return [...new Set(found.map((hit) => hit.place))]
}

function pushNamed(found: Array<{ at: number; place: Destination }>, text: string, short: string, id: string): void {
  const place = byId.get(id)
  if (place) found.push({ at: text.indexOf(short), place })
}

function isProperName(text: string, name: string): boolean {
  const spelled = name.charAt(0).toUpperCase() + name.slice(1)
  const at = text.search(new RegExp(`\\b${spelled}\\b`))
  if (at > 0) return true
  return at === 0 && /\b(vs|or|versus|and|itinerary|weather|in)\b/i.test(text)
}

export interface Area {
  label: string
  has: (place: Destination) => boolean
}

const country = (label: string, ...countries: string[]): Area => ({
  label,
  has: (place) => countries.some((name) => place.country.includes(name)),
})
const region = (label: string): Area => ({ label, has: (place) => place.region === label })
const ids = (label: string, list: string): Area => ({ label, has: (place) => list.split(' ').includes(place.id) })

const areaNames: Record<string, Area> = {
  europe: region('Europe'), asia: region('Asia'), africa: region('Africa'), oceania: region('Oceania'),
  'middle east': region('Middle East'), 'south america': region('South America'), 'north america': region('North America'),
  'latin america': {
    label: 'Latin America',
    has: (place) => place.region === 'South America' || /Mexico|Cuba|Costa Rica|Guatemala|Belize/.test(place.country),
  },
  'southeast asia': country('Southeast Asia', 'Thailand', 'Vietnam', 'Cambodia', 'Laos', 'Indonesia', 'Malaysia', 'Singapore', 'Philippines'),
  scandinavia: country('Scandinavia', 'Norway', 'Sweden', 'Denmark'),
  nordics: country('the Nordics', 'Norway', 'Sweden', 'Denmark', 'Finland', 'Iceland'),
  caribbean: ids('the Caribbean', 'havana jamaica barbados curacao belize tulum-and-the-riviera-maya cartagena'),
  mediterranean: {
    label: 'the Mediterranean',
    has: (place) => place.region === 'Europe' && place.lat < 44.5 && place.lon > -1 && place.scores.beach >= 3,
  },
  balkans: country('the Balkans', 'Croatia', 'Slovenia', 'Romania', 'Greece'),
  alps: ids('the Alps', 'chamonix interlaken-and-the-jungfrau dolomites salzburg zurich-and-lucerne munich ljubljana-and-lake-bled'),
  'central america': country('Central America', 'Costa Rica', 'Guatemala', 'Belize'),
  usa: country('the United States', 'United States'), 'united states': country('the United States', 'United States'),
  america: country('the United States', 'United States'), uk: country('the United Kingdom', 'United Kingdom'),
  england: ids('England', 'london'), scotland: ids('Scotland', 'edinburgh isle-of-skye'), britain: country('Britain', 'United Kingdom'),
  uae: country('the Emirates', 'United Arab Emirates'), turkey: country('Türkiye', 'Türkiye'), holland: country('the Netherlands', 'Netherlands'),
  'czech republic': country('Czechia', 'Czechia'), korea: country('South Korea', 'South Korea'),
  'canary islands': ids('the Canary Islands', 'tenerife'), 'greek islands': ids('the Greek islands', 'crete santorini rhodes'),
}

for (const place of destinations) {
  for (const name of place.country.split(' and ')) areaNames[fold(name)] ??= country(name, name)
}

const areaKeys = Object.keys(areaNames).sort((a, b) => b.length - a.length)

/** The countries and regions a text names, without those that are part of a named place. */
export function findAreas(text: string): Area[] {
  let rest = fold(text)
  const found: Area[] = []
  for (const key of areaKeys) {
    if (!hasWord(rest, key)) continue
    found.push(areaNames[key]!)
    rest = ` ${rest} `.replace(` ${key} `, ' ').trim()
  }
  return found.filter((area) => !findPlaces(text).some((place) => fold(place.name).includes(fold(area.label))))
}
