import type { Clock, Timer } from '../../platform/clock.ts'
import type { FakeFiles } from './files.ts'

export interface ProcessWorld {
  clock: Clock
  files: FakeFiles
  env: Map<string, string>
  write(text: string): void
}

/**
 * A program in a fake container: the part of a shell that tests of pods are written in. `sleep N|infinity`, `exit N`,
 * `echo WORDS [>|>> FILE]`, `cat FILE`, `touch FILE`, `rm [-rf] FILE`, `test -e FILE`, `true`, `false`,
 * `trap 'exit N' TERM`, `fill-memory`, joined by `;`, `&&` and `||`. Other programs just run until they are stopped. As
 * the first process of a container it takes no notice of SIGTERM unless it has a trap for it.
 */
export class FakeProcess {
  readonly exited: Promise<number>
  readonly #world: ProcessWorld
  readonly #end: (code: number) => void
  #timer: Timer | undefined
  #wake: () => void = () => {}
  #onTerm: number | undefined
  #over = false
  oomKilled = false

  constructor(command: readonly string[], world: ProcessWorld) {
    this.#world = world
    const { promise, resolve } = Promise.withResolvers<number>()
    this.exited = promise
    this.#end = code => {
      if (this.#over) return
      this.#over = true
      this.#timer?.cancel()
      this.#wake()
      resolve(code)
    }
    void this.#run(scriptOf(command)).then(code => this.#end(code))
  }

  signal(name: string): void {
    const signal = name.replace(/^SIG/, '')
    if (signal === 'KILL') this.#end(137)
    else if (this.#onTerm !== undefined) this.#end(this.#onTerm)
  }

  async #run(script: string): Promise<number> {
    let code = 0
    for (const { joint, text } of statements(script)) {
      if ((joint === '&&' && code !== 0) || (joint === '||' && code === 0)) continue
      if (this.#over) return code
      const exit = /^exit(?:\s+(\d+))?$/.exec(text)
      if (exit) return Number(exit[1] ?? code)
      code = await this.#statement(text)
    }
    return code
  }

  async #statement(text: string): Promise<number> {
    const [redirected, file] = /^(.*?)\s*>+\s*(\S+)$/.exec(text)?.slice(1) ?? [text, undefined]
    const [name = '', ...words] = redirected!
      .trim()
      .split(/\s+/)
      .map(word => this.#expand(word))
    const say = (said: string) => {
      if (file === undefined) this.#world.write(said)
      else if (!this.#world.files.write(file, said, text.includes('>>'))) return 1
      return 0
    }
    return this.#command(name, words, say)
  }

  async #command(name: string, words: string[], say: (said: string) => number): Promise<number> {
    const { files } = this.#world
    const last = words.at(-1) ?? ''
    switch (name) {
      case 'echo':
        return say(`${words.join(' ')}\n`)
      case 'cat': {
        const text = files.read(last)
        if (text !== undefined) return say(text)
        say(`cat: can't open '${last}': No such file or directory\n`)
        return 1
      }
      case 'touch':
        return files.write(last, '', true) ? 0 : 1
      case 'rm':
        files.remove(last)
        return 0
      case 'test':
        return files.read(last) === undefined ? 1 : 0
      case 'sleep':
        await this.#sleep(last === 'infinity' ? undefined : Number(last) * 1000)
        return 0
      case 'trap':
        this.#onTerm = Number(/exit (\d+)/.exec(words.join(' '))?.[1] ?? 0)
        return 0
      case 'false':
        return 1
      case 'true':
        return 0
      case 'fill-memory':
        this.oomKilled = true
        this.#end(137)
        return 137
      default:
        await this.#sleep(undefined)
        return 0
    }
  }

  #expand(word: string): string {
    return word
      .replace(/\$\{?(\w+)\}?/g, (_, name: string) => this.#world.env.get(name) ?? '')
      .replace(/^["']|["']$/g, '')
  }

  #sleep(ms: number | undefined): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
      if (ms !== undefined) this.#timer = this.#world.clock.after(ms, resolve)
    })
  }
}

function scriptOf(command: readonly string[]): string {
  const [shell, flag, script] = command
  return /(^|\/)sh$/.test(shell ?? '') && flag === '-c' ? (script ?? '') : command.join(' ')
}

function statements(script: string): { joint: string; text: string }[] {
  const parts = script.split(/(;|&&|\|\||\n)/)
  const found = parts.flatMap((text, index) =>
    index % 2 === 0 ? [{ joint: parts[index - 1] ?? ';', text: text.trim() }] : [],
  )
  return found.filter(statement => statement.text !== '')
}
