import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const csr = {
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'c' },
  spec: {
    request: base64('-----BEGIN CERTIFICATE REQUEST-----'),
    signerName: 'example.com/s',
    usages: ['client auth'],
  },
}
const long = (letters: number) => 'x'.repeat(letters)
const SHORT = 'should be a domain with at least two segments separated by dots'

describeFaults('the name of a CertificateSigningRequest', { object: csr, at: 'metadata' }, [
  [{ name: 'Node_1:csr' }],
  [{ name: 'a/b' }, 'name: Invalid value: "a/b": may not contain \'/\''],
])

describeFaults('a CertificateSigningRequest', { object: csr, at: 'spec' }, [
  [{}],
  [{ request: undefined }, 'request: Required value'],
  [{ request: 'eA==' }, 'request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST'],
  [{ usages: [] }, 'usages: Required value'],
  [{ usages: ['client auth', 'client auth'] }, 'usages[1]: Duplicate value: "client auth"'],
  [
    { usages: ['flying'] },
    'usages[0]: Unsupported value: "flying": supported values: "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"',
  ],
  [{ expirationSeconds: 600 }],
  [
    { expirationSeconds: 599 },
    'expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
  ],
])

const from = (signerName: string) => ({ signerName })
const label = (text: string, bad: string, problem: string) =>
  `signerName: Invalid value: "${text}": validating label "${bad}": ${problem}`

describeFaults('who is asked to sign', { object: csr, at: 'spec' }, [
  [from('kubernetes.io/kube-apiserver-client')],
  [from('example.com/namespace.name')],
  [from(''), 'signerName: Required value'],
  [
    from('example.com'),
    'signerName: Invalid value: "example.com": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
  ],
  [
    from('a.b/c/d'),
    'signerName: Invalid value: "a.b/c/d": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
  ],
  [from('example/s'), `signerName: Invalid value: "example": ${SHORT}`],
  [from('a.B/s'), label('a.B', 'B', BAD.label)],
  [from('a.b/S'), label('S', 'S', BAD.subdomain)],
  [from('a.b/s..t'), label('s..t', '', BAD.subdomain)],
  [from(`${long(63)}.${long(63)}.${long(63)}.${long(63)}/s`), 'signerName: Too long: may not be more than 253 bytes'],
  [
    from('kubernetes.io/legacy-unknown'),
    'signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
  ],
])

const said = (...types: string[]) => ({ conditions: types.map(type => ({ type, status: 'True' })) })
const status = (more: object) => ({ conditions: [{ type: 'Other', status: 'True', ...more }] })
const removed = (type: string) => `conditions: Forbidden: updates may not remove a condition of type "${type}"`
const added = (type: string) => `conditions: Forbidden: updates may not add a condition of type "${type}"`
const both = (type: string) =>
  `conditions: Invalid value: "${type}": Approved and Denied conditions are mutually exclusive`

for (const through of ['approval', 'status']) {
  describeUpdates(`conditions that come through /${through}`, { object: csr, at: 'status', through }, [
    [{}, said('Other')],
    [said('Approved'), {}],
    [said('Approved'), said('Approved', 'Failed')],
    [{}, status({ type: '' }), 'conditions[0].type: Required value'],
    [{}, status({ status: '' }), 'conditions[0].status: Required value'],
    [{}, status({ status: 'Unknown' })],
    [
      {},
      status({ status: 'x' }),
      'conditions[0].status: Unsupported value: "x": supported values: "False", "True", "Unknown"',
    ],
    [
      {},
      status({ type: 'Failed', status: 'False' }),
      'conditions[0].status: Unsupported value: "False": supported values: "True"',
    ],
    [{}, said('Other', 'Other'), 'conditions[1].type: Duplicate value: "Other"'],
    [said('Approved'), said(), removed('Approved')],
    [said('Denied'), said('Other'), removed('Denied')],
    [said('Approved', 'Failed'), said('Approved'), removed('Failed')],
    [said('Other'), said()],
  ])
}

describeUpdates('a decision', { object: csr, at: 'status', through: 'approval' }, [
  [{}, said('Approved')],
  [{}, said('Denied')],
  [{}, said('Approved', 'Denied'), both('Denied')],
  [said('Denied'), said('Denied', 'Approved'), both('Approved')],
  // Who stored that let it be.
  [said('Approved', 'Denied'), said('Approved', 'Denied', 'Other')],
])
describeUpdates('a decision through /status', { object: csr, at: 'status', through: 'status' }, [
  [{}, said('Approved'), added('Approved')],
  [{}, said('Denied'), added('Denied')],
])

/** Somebody's, valid for a hundred years. */
const GOOD = `-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUbhRdwIuXZiwnrIfIGBnM7urzvywwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBYTAgFw0yNjExMjExMzIwMDRaGA8yMTI2MTAyODEzMjAwNFow
DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH7qDiTK4N6n
tAO2pBPRfdFSD/OZ2drxxok7OyjIQCGYPoj1o9PdYEMBMK5dXHI2ciIjxNWyHLe/
enMJ03RWZFKjUzBRMB0GA1UdDgQWBBTYXY8GZ9EA6Gzx6apv0OU8SvcpNzAfBgNV
HSMEGDAWgBTYXY8GZ9EA6Gzx6apv0OU8SvcpNzAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIQCZalCOL4FvX0qHhonbWGtjcXW0SoROr75yRp5YCmd5
HwIgFhhsP9DbOYyA4df3e5cHiHTRSNv6TqICp6/rK6u+k0k=
-----END CERTIFICATE-----
`
const PEM = `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUJPNYnEZ8yB0m5w8bJ5p6b0S1QYcwCgYIKoZIzj0EAwIw
-----END CERTIFICATE-----
`
const signed = (text: string) => ({ certificate: base64(text) })
const C = 'certificate: Invalid value: "<certificate data>"'

describeUpdates('a certificate', { object: csr, at: 'status', through: 'status' }, [
  [said('Approved'), signed(GOOD)],
  [said('Approved'), signed(`issued for you\n${GOOD}${GOOD}`)],
  [signed('anything'), said('Other')],
  [{}, signed('anything'), `${C}: must contain at least one CERTIFICATE PEM block`],
  [{}, signed(PEM), `${C}: x509: malformed certificate`],
  [
    {},
    signed(GOOD.replaceAll('CERTIFICATE', 'PRIVATE KEY')),
    `${C}: only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"`,
  ],
  [{}, signed(GOOD.replace('-----\n', '-----\nProc-Type: 4\n\n')), `${C}: no PEM block headers are permitted`],
  [signed(GOOD), signed(GOOD + GOOD), 'certificate: Forbidden: updates may not modify existing certificate content'],
  [
    signed(GOOD),
    { certificate: undefined },
    'certificate: Forbidden: updates may not modify existing certificate content',
  ],
])
