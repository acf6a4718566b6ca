/**
 * The system inside a simulated machine: files, devices, names. It is read from the machine's folder and written back
 * to it.
 */
import { readFileSync } from 'node:fs';
import type { MachineSpec } from '@vmgrid/protocol';
import { bootedMemory, type GuestDisk, type GuestMemory, writeDisk, writeMemory } from './guest-disk.ts';
import { DISC_DEVICE } from './layout.ts';
import type { Command } from './shell/command.ts';
import { type CommandGuest, guestCommands } from './shell/guest-commands.ts';
import type { ShellWorld } from './shell/shell.ts';
import { textCommands } from './shell/text-commands.ts';

/** Limit of the files of one guest, because they are in the plant's memory while it looks after the machine. */
export const MAX_FILES_BYTES = 16 * 1_048_576;

const CONSOLE_DEVICE = '/dev/console';
/** Files below these folders are in memory: a boot loses them, a golden image with memory keeps them. */
const IN_MEMORY = ['/run/', '/dev/shm/', '/tmp/'];

export interface GuestParts {
  readonly disk: GuestDisk;
  readonly memory: GuestMemory;
  readonly machine: Pick<MachineSpec, 'memoryMiB' | 'cpus'>;
}

export interface GuestHooks {
  /** Returns the file that is in the disc drive now. */
  readonly disc: () => string | undefined;
  readonly powerOff: () => void;
  /** The guest starts anew. */
  readonly restart: () => void;
  /** Prints on the console. */
  readonly print: (text: string) => void;
}

export class GuestSystem implements CommandGuest, ShellWorld {
  readonly #hooks: GuestHooks;
  readonly #machine: GuestParts['machine'];
  readonly #commands: Readonly<Record<string, Command>>;
  readonly #onDisk: Map<string, string>;
  readonly #inMemory: Map<string, string>;
  #diskMiB: number;
  #rootMiB: number;
  #saved: Promise<unknown> = Promise.resolve();
  hostName: string;
  macAddress: string;
  sshPort: number | undefined;

  constructor({ disk, memory, machine }: GuestParts, hooks: GuestHooks) {
    this.#hooks = hooks;
    this.#machine = machine;
    this.#commands = { ...textCommands((path) => this.read(path)), ...guestCommands(this) };
    this.#onDisk = new Map(Object.entries(disk.files));
    this.#inMemory = new Map(Object.entries(memory.files));
    this.#diskMiB = disk.diskMiB;
    this.#rootMiB = disk.rootMiB;
    this.hostName = memory.hostName;
    this.macAddress = memory.macAddress;
    this.sshPort = memory.sshPort;
  }

  get cpus(): number {
    return this.#machine.cpus;
  }

  get diskMiB(): number {
    return this.#rootMiB;
  }

  growRoot(): void {
    this.#rootMiB = this.#diskMiB;
  }

  powerOff(): void {
    this.#hooks.powerOff();
  }

  /** Drops the content of the memory; the host keeps its end of the network. */
  restart(): void {
    const { hostName } = bootedMemory(this.disk, this.macAddress);
    this.#inMemory.clear();
    this.hostName = hostName;
    this.#hooks.print('reboot: Restarting system\n');
    this.#hooks.restart();
  }

  command(name: string): Command | undefined {
    const program = name.slice(name.lastIndexOf('/') + 1);
    return Object.hasOwn(this.#commands, program) ? this.#commands[program] : undefined;
  }

  read(path: string): string | undefined {
    return this.#device(path) ?? this.#filesAt(path).get(path);
  }

  write(path: string, content: string): void {
    if (path === CONSOLE_DEVICE) {
      this.#hooks.print(content);
      return;
    }
    if (path === '' || path.startsWith('/dev/null') || path.startsWith('/proc/')) return;
    const files = this.#filesAt(path);
    const before = files.get(path)?.length ?? 0;
    if (this.#usedBytes() - before + content.length > MAX_FILES_BYTES) return; // its disk is full
    files.set(path, content);
  }

  remove(path: string): void {
    for (const files of [this.#onDisk, this.#inMemory]) {
      for (const name of files.keys()) if (name === path || name.startsWith(`${path}/`)) files.delete(name);
    }
  }

  list(folder: string): readonly string[] | undefined {
    const prefix = folder === '/' ? '/' : `${folder.replace(/\/$/, '')}/`;
    const below = [...this.#onDisk.keys(), ...this.#inMemory.keys()].filter((name) => name.startsWith(prefix));
    if (below.length === 0) return undefined;
    return [...new Set(below.map((name) => name.slice(prefix.length).split('/')[0]!))].sort();
  }

  get disk(): GuestDisk {
    return { diskMiB: this.#diskMiB, rootMiB: this.#rootMiB, files: Object.fromEntries(this.#onDisk) };
  }

  get memory(): GuestMemory {
    const { hostName, macAddress, sshPort } = this;
    const files = Object.fromEntries(this.#inMemory);
    return { files, hostName, macAddress, ...(sshPort === undefined ? {} : { sshPort }) };
  }

  /**
   * Writes disk and memory back to the machine's folder. Saves are queued, because a run may end while the network
   * opens.
   */
  save(folder: string): Promise<void> {
    const saved = this.#saved.then(async () => {
      await writeDisk(folder, this.disk);
      await writeMemory(folder, this.memory);
    });
    this.#saved = saved.catch(() => undefined);
    return saved;
  }

  /** Returns the content of files that are made up when they are read. */
  #device(path: string): string | undefined {
    switch (path) {
      case '/dev/null':
        return '';
      case DISC_DEVICE: {
        const disc = this.#hooks.disc();
        return disc === undefined ? undefined : readFileSync(disc, 'latin1');
      }
      case '/proc/meminfo':
        return `MemTotal: ${this.#machine.memoryMiB * 1_024} kB\n`;
      case '/sys/class/net/eth0/address':
        return `${this.macAddress}\n`;
      case '/sys/class/net/eth0/operstate':
        return this.sshPort === undefined ? 'down\n' : 'up\n';
      default:
        return undefined;
    }
  }

  #filesAt(path: string): Map<string, string> {
    return IN_MEMORY.some((folder) => path.startsWith(folder)) ? this.#inMemory : this.#onDisk;
  }

  #usedBytes(): number {
    return [...this.#onDisk.values(), ...this.#inMemory.values()].reduce((sum, { length }) => sum + length, 0);
  }
}
