/**
 * The program of the sandbox image, made here as machine code so that no registry and no compiler is needed to start a
 * pod. It holds the pod's namespaces and does three things:
 *
 *     ignore SIGCHLD            the kernel then reaps the children it inherits in a shared process namespace
 *     block SIGTERM and SIGINT  a first process has no default action for them, blocked they wait to be fetched
 *     fetch one of them         again if interrupted, and end with code 0
 */
export type Architecture = 'amd64' | 'arm64'

const LOAD_ADDRESS = 0x400000
const HEADERS_BYTES = 64 + 56
const MACHINES: Record<Architecture, number> = { amd64: 62, arm64: 183 }

/** SIG_IGN as handler, no flags, no restorer, empty mask: the kernel's own `struct sigaction`. */
const IGNORE_ACTION = words64(1n, 0n, 0n, 0n)
/** SIGINT (2) and SIGTERM (15) as the kernel's set of signals: bit n-1. */
const ENDING_SIGNALS = words64((1n << 1n) | (1n << 14n))

export function sandboxProgram(architecture: Architecture): Uint8Array {
  const code = architecture === 'amd64' ? amd64Code() : arm64Code()
  const data = Buffer.concat([IGNORE_ACTION, ENDING_SIGNALS])
  const size = HEADERS_BYTES + code.length + data.length
  return Buffer.concat([elfHeader(MACHINES[architecture]), programHeader(size), code, data])
}

/** Data follows the code: its place is known once the code's length is. */
function amd64Code(): Buffer {
  const length = 82
  const action = LOAD_ADDRESS + HEADERS_BYTES + length
  const signals = action + IGNORE_ACTION.length
  const code = Buffer.concat([
    // rt_sigaction(SIGCHLD, action, NULL, 8)
    ...[moveAmd64(EAX, 13), moveAmd64(EDI, 17), moveAmd64(ESI, action), ZERO_EDX, R10_IS_8, SYSCALL],
    // rt_sigprocmask(SIG_BLOCK, signals, NULL, 8)
    ...[moveAmd64(EAX, 14), ZERO_EDI, moveAmd64(ESI, signals), ZERO_EDX, R10_IS_8, SYSCALL],
    // again: rt_sigtimedwait(signals, NULL, NULL, 8)
    ...[moveAmd64(EAX, 128), moveAmd64(EDI, signals), ZERO_ESI, ZERO_EDX, R10_IS_8, SYSCALL],
    // if it was interrupted, again
    ...[TEST_EAX, jumpIfNegative(-(5 + 5 + 2 + 2 + 6 + 2 + 2 + 2))],
    // exit(0)
    ...[moveAmd64(EAX, 60), ZERO_EDI, SYSCALL],
  ])
  if (code.length !== length) throw new Error(`the amd64 code has ${code.length} bytes, not ${length}`)
  return code
}

const EAX = 0xb8
const EDI = 0xbf
const ESI = 0xbe
const ZERO_EDX = Buffer.from([0x31, 0xd2])
const ZERO_EDI = Buffer.from([0x31, 0xff])
const ZERO_ESI = Buffer.from([0x31, 0xf6])
const R10_IS_8 = Buffer.from([0x41, 0xba, 8, 0, 0, 0])
const SYSCALL = Buffer.from([0x0f, 0x05])
const TEST_EAX = Buffer.from([0x85, 0xc0])

function moveAmd64(register: number, value: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes[0] = register
  bytes.writeUInt32LE(value, 1)
  return bytes
}

/** `js`, counted from its own end. */
function jumpIfNegative(distance: number): Buffer {
  return Buffer.from([0x78, distance & 0xff])
}

function arm64Code(): Buffer {
  const count = 22
  const actionAt = (index: number) => (count - index) * 4
  const signalsAt = (index: number) => actionAt(index) + IGNORE_ACTION.length
  const code = [
    // rt_sigaction(SIGCHLD, action, NULL, 8)
    ...[moveArm64(0, 17), addressArm64(1, actionAt(1)), moveArm64(2, 0), moveArm64(3, 8), moveArm64(8, 134), SVC],
    // rt_sigprocmask(SIG_BLOCK, signals, NULL, 8)
    ...[moveArm64(0, 0), addressArm64(1, signalsAt(7)), moveArm64(2, 0), moveArm64(3, 8), moveArm64(8, 135), SVC],
    // again: rt_sigtimedwait(signals, NULL, NULL, 8)
    ...[addressArm64(0, signalsAt(12)), moveArm64(1, 0), moveArm64(2, 0), moveArm64(3, 8), moveArm64(8, 137), SVC],
    // if bit 63 of the answer is set it was interrupted: again
    branchIfBit63(0, -6),
    // exit(0)
    ...[moveArm64(0, 0), moveArm64(8, 93), SVC],
  ]
  if (code.length !== count) throw new Error(`the arm64 code has ${code.length} instructions, not ${count}`)
  const bytes = Buffer.alloc(count * 4)
  code.forEach((instruction, index) => {
    bytes.writeUInt32LE(instruction >>> 0, index * 4)
  })
  return bytes
}

const SVC = 0xd4000001

/** movz xN, #value */
function moveArm64(register: number, value: number): number {
  return 0xd2800000 + value * 32 + register
}

/** adr xN, here + distance */
function addressArm64(register: number, distance: number): number {
  return ((distance & 3) * 2 ** 29 + 0x10000000 + ((distance >> 2) & 0x7ffff) * 32 + register) >>> 0
}

/** tbnz xN, #63, here + distance instructions */
function branchIfBit63(register: number, distance: number): number {
  return 0xb7000000 + 31 * 2 ** 19 + (distance & 0x3fff) * 32 + register
}

function elfHeader(machine: number): Buffer {
  const header = Buffer.alloc(64)
  // 64 bit, little endian, version 1, System V
  header.write('\x7fELF\x02\x01\x01', 0, 'latin1')
  header.writeUInt16LE(2, 16) // an executable
  header.writeUInt16LE(machine, 18)
  header.writeUInt32LE(1, 20)
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS + HEADERS_BYTES), 24) // entry point
  header.writeBigUInt64LE(64n, 32) // the program header follows
  header.writeUInt16LE(64, 52)
  header.writeUInt16LE(56, 54)
  header.writeUInt16LE(1, 56) // one program header
  return header
}

function programHeader(size: number): Buffer {
  const header = Buffer.alloc(56)
  header.writeUInt32LE(1, 0) // PT_LOAD
  header.writeUInt32LE(5, 4) // readable, executable
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 16)
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 24)
  header.writeBigUInt64LE(BigInt(size), 32)
  header.writeBigUInt64LE(BigInt(size), 40)
  header.writeBigUInt64LE(0x1000n, 48)
  return header
}

function words64(...values: bigint[]): Buffer {
  const buffer = Buffer.alloc(values.length * 8)
  values.forEach((value, index) => {
    buffer.writeBigUInt64LE(value, index * 8)
  })
  return buffer
}
