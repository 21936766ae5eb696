import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { debianSuite, homeSuite, type IndexTarget } from './debian.ts'

const debian: IndexTarget[] = [
  { uri: 'http://mirror.test/debian-security/', origin: 'Debian', release: 'bookworm-security' },
  { uri: 'http://mirror.test/debian/', origin: 'Debian', release: 'bookworm-updates' },
  { uri: 'http://mirror.test/debian/', origin: 'Debian', release: 'bookworm' },
]
const ubuntu: IndexTarget[] = [
  { uri: 'http://mirror.test/ubuntu/', origin: 'Ubuntu', release: 'noble-updates' },
  { uri: 'http://mirror.test/ubuntu/', origin: 'Ubuntu', release: 'noble' },
]
const vendor: IndexTarget = { uri: 'http://vendor.test/apt/', origin: 'Vendor', release: 'stable' }

describe('where packages come from', () => {
  const cases: [string, () => { name: string; uri: string }, string, string][] = [
    ['a Debian machine asks its own mirror', () => debianSuite('forky', debian), 'forky', 'http://mirror.test/debian/'],
    [
      'a vendor repository is not mistaken for it',
      () => debianSuite('trixie', [vendor, ...debian]),
      'trixie',
      'http://mirror.test/debian/',
    ],
    [
      'an Ubuntu machine looks beside Ubuntu',
      () => debianSuite('trixie', ubuntu),
      'trixie',
      'http://mirror.test/debian/',
    ],
    ['images are bookworm on Debian', () => homeSuite(debian), 'bookworm', 'http://mirror.test/debian/'],
    ['images are its own release on Ubuntu', () => homeSuite(ubuntu), 'noble', 'http://mirror.test/ubuntu/'],
  ]
  for (const [name, derive, suite, uri] of cases) {
    it(name, () => assert.deepEqual({ name: derive().name, uri: derive().uri }, { name: suite, uri }))
  }

  it('says what is missing when apt knows no mirror', () => {
    assert.throws(() => debianSuite('trixie', [vendor]), /knows no mirror.*apt-get update/)
  })
})
