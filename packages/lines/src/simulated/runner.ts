/**
 * Simulates `guest/runner.sh`, with the same disc and the same report. Programs that a simulated guest does not have
 * count as successful; an action takes `actionMs` in addition to what its script sleeps.
 */
import { abortable, endsWithin, systemClock } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { RunnerTask } from '../guest/runner-command.ts';
import type { Fate } from './faults.ts';
import type { GuestSystem } from './guest-system.ts';
import { parseScript } from './shell/parse.ts';
import { Shell } from './shell/shell.ts';

/** As in the runner. */
const OUTPUT_BYTES = 4_096;
const ATTRIBUTES_BYTES = 65_536;
const CARRIER_DEADLINE_MS = 30_000;
const TIMED_OUT = 124;
const ATTRIBUTES = '/run/vmgrid/attributes';
/** State of an action that restarts the machine. */
const KEPT_ATTRIBUTES = '/etc/vmgrid/attributes';
const HOST_KEY = '/etc/ssh/ssh_host_ed25519_key';
/** Files that must not be in a golden image. */
const FORGOTTEN = [HOST_KEY, `${HOST_KEY}.pub`, '/run/vmgrid'];

export interface RunnerDeps {
  readonly system: GuestSystem;
  readonly disc: ReadonlyMap<string, Buffer>;
  readonly fate: Fate;
  /** Writes a line of the report. */
  readonly emit: (line: string) => void;
  /** Resolves once the network is open. */
  readonly carrier: Promise<void>;
  readonly signal: AbortSignal;
}

interface ScriptOptions {
  readonly variables: Settings;
  /** What the script prints is added to it. */
  readonly output: string[];
  readonly signal: AbortSignal;
}

interface Attempt {
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly elapsedMs: number;
  readonly output: string;
}

type Settings = Readonly<Record<string, string>>;

export class Runner {
  readonly #deps: RunnerDeps;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  async run(tasks: readonly RunnerTask[]): Promise<void> {
    for (const task of tasks) await this.#do(task);
    this.#deps.emit('finished');
  }

  async #do(task: RunnerTask): Promise<void> {
    switch (task.task) {
      case 'identity':
        return this.#identity();
      case 'run':
        return this.#actions(task.first, task.last);
      case 'restarted':
        return this.#restarted(task.step);
      case 'quiesce':
        return this.#quiesce();
      case 'warm':
        return; // there is nothing that would be slow at first
    }
  }

  async #identity(): Promise<void> {
    const { system, emit, carrier, signal } = this.#deps;
    const {
      host_name: hostName = '',
      mac_address: mac = '',
      machine_id: id = '',
      grow_disk: grow,
    } = await this.#settings('identity');
    system.write('/etc/machine-id', `${id}\n`);
    system.write('/etc/hostname', `${hostName}\n`);
    system.hostName = hostName;
    system.macAddress = mac;
    const publicKey = this.#text('hostkey.pub');
    system.write(HOST_KEY, this.#text('hostkey'));
    system.write(`${HOST_KEY}.pub`, publicKey);
    const [type, key] = publicKey.split(' ');
    this.#reportAttributes('-', `SshHostKey = "${type} ${key}"\n`);
    if (grow === 'yes') system.growRoot();
    emit('identity');
    if (!(await endsWithin({ ms: CARRIER_DEADLINE_MS, signal }, (until) => abortable(carrier, until))))
      emit(`warning ${base64('the network was not opened')}`);
  }

  /** The attributes of an action that restarted the guest. */
  #restarted(step: number): void {
    const { system, emit } = this.#deps;
    this.#reportAttributes(String(step), system.read(KEPT_ATTRIBUTES) ?? '');
    system.remove(KEPT_ATTRIBUTES);
    emit(`restarted ${step}`);
  }

  async #actions(first: number, last: number): Promise<void> {
    const { disc, emit } = this.#deps;
    for (let index = first; index <= last; index += 1) {
      if (!disc.has(`a${index}`)) continue;
      if (!(await this.#action(index))) return emit(`stopped ${index}`);
    }
  }

  /** Returns false when the rest shall not run. */
  async #action(index: number): Promise<boolean> {
    const { emit, system, signal } = this.#deps;
    const settings = await this.#settings(`a${index}`);
    const attributes = attributesOf(settings);
    const before = new Set(this.#inMemory());
    let [attempts, elapsedMs] = [0, 0];
    let last: Attempt;
    do {
      attempts += 1;
      system.write(attributes, '');
      emit(`begin ${index} ${attempts}`);
      last = await this.#attempt(index, settings);
      signal.throwIfAborted(); // it may have restarted the guest
      elapsedMs += last.elapsedMs;
      if (last.exitCode === 0) break;
      this.#reportOutput(index, settings, last);
      if (settings.recovers === 'yes') await this.#recover(index, settings);
    } while (attempts <= Number(settings.retries));
    if (last.exitCode === 0 && settings.reboot === 'yes') {
      this.#reportOutput(index, settings, last);
      emit(`restarts ${index}`);
      system.restart();
      signal.throwIfAborted();
    }
    if (last.exitCode === 0) {
      this.#reportAttributes(String(index), system.read(attributes) ?? '');
      this.#reportOutput(index, settings, last);
      this.#reportLost(index, before);
    }
    system.remove(attributes);
    emit(`end ${index} ${last.exitCode} ${last.timedOut ? 'yes' : 'no'} ${elapsedMs} ${attempts}`);
    return last.exitCode === 0 || settings.on_error === 'continue';
  }

  #attempt(index: number, settings: Settings): Promise<Attempt> {
    return this.#timed(settings, async (output, signal) => {
      const { fate, system } = this.#deps;
      await systemClock.sleep(fate.actionMs, signal);
      if (fate.actionFails()) {
        output.push('this action was chosen to fail\n');
        return 1;
      }
      if (settings.kind === 'file') system.write(settings.file_path!, this.#text(`s${index}`));
      if (settings.kind !== 'script' || settings.interpreter === 'own') return 0;
      return this.#script(`s${index}`, { variables: await this.#environment(index, settings), output, signal });
    });
  }

  async #recover(index: number, settings: Settings): Promise<void> {
    this.#deps.emit(`recovers ${index}`);
    const environment = await this.#environment(index, settings);
    const { exitCode, elapsedMs } = await this.#timed(settings, async (output, signal) =>
      settings.recover_interpreter === 'own'
        ? 0
        : this.#script(`r${index}`, { variables: environment, output, signal }),
    );
    this.#deps.emit(`recovered ${index} ${exitCode} ${elapsedMs}`);
  }

  /** Runs the work within the action's time limit; after that the action has failed. */
  async #timed(settings: Settings, work: (output: string[], signal: AbortSignal) => Promise<number>): Promise<Attempt> {
    const { signal } = this.#deps;
    const startedAt = systemClock.monotonic();
    const output: string[] = [];
    let exitCode = TIMED_OUT;
    const ended = await endsWithin({ ms: Number(settings.timeout_s) * 1_000, signal }, async (until) => {
      exitCode = await work(output, until);
    });
    const elapsedMs = Math.round(systemClock.monotonic() - startedAt);
    return { exitCode, timedOut: !ended, elapsedMs, output: output.join('') };
  }

  #script(name: string, { output, ...options }: ScriptOptions): Promise<number> {
    const emit = (text: string) => void output.push(text);
    const shell = new Shell(this.#deps.system, { ...options, exitOnError: true, emit });
    return shell.run(parseScript(this.#text(name)));
  }

  async #environment(index: number, settings: Settings): Promise<Settings> {
    const own = settings.environment === 'yes' ? await this.#settings(`e${index}`) : {};
    return { VMGRID_ATTRIBUTES: attributesOf(settings), HOME: '/root', ...own };
  }

  /** Returns the assignments of a file of the disc, which is a script. */
  async #settings(name: string): Promise<Settings> {
    const { system, signal } = this.#deps;
    const shell = new Shell(system, { variables: {}, exitOnError: false, emit: () => undefined, signal });
    await shell.run(parseScript(this.#text(name)));
    return shell.variables;
  }

  #quiesce(): void {
    const { system } = this.#deps;
    for (const path of FORGOTTEN) system.remove(path);
    system.write('/etc/machine-id', '');
    system.write('/etc/hostname', 'vmgrid\n');
  }

  #reportAttributes(step: string, text: string): void {
    if (text === '') return;
    this.#deps.emit(
      text.length > ATTRIBUTES_BYTES ? `attributes-too-long ${step}` : `attributes ${step} ${base64(text)}`,
    );
  }

  #inMemory(): readonly string[] {
    return Object.keys(this.#deps.system.memory.files).filter((path) => !path.startsWith('/run/vmgrid/'));
  }

  /** A simulated guest has only files in its memory. */
  #reportLost(index: number, before: ReadonlySet<string>): void {
    const lost = this.#inMemory().filter((path) => !before.has(path));
    if (lost.length === 0 || !this.#deps.disc.has('observe.sh')) return;
    this.#deps.emit(`loses ${index} ${base64(lost.map((path) => `file ${path}\n`).join(''))}`);
  }

  #reportOutput(index: number, { secret }: Settings, { output }: Attempt): void {
    if (secret === 'no' && output !== '') this.#deps.emit(`output ${index} ${base64(output.slice(-OUTPUT_BYTES))}`);
  }

  #text(name: string): string {
    const content = this.#deps.disc.get(name);
    if (!content) throw new GridError('VMM_FAILED', `the configuration disc has no file ${name}`);
    return content.toString('latin1');
  }
}

const attributesOf = ({ reboot }: Settings): string => (reboot === 'yes' ? KEPT_ATTRIBUTES : ATTRIBUTES);

const base64 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64');
