import type { CommandRunner } from '@vmgrid/daemon';
import { runTool } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';

const CALL_DEADLINE_MS = 30_000;
/** The memory is written to a disk. */
const SAVE_DEADLINE_MS = 300_000;
/** Seconds that libvirt waits for the guest's agent. */
const AGENT_TIMEOUT_S = 20;
/** The words of virsh when it finds no domain, and of libvirt when the domain goes while virsh is at it. */
const NO_DOMAIN = /failed to get domain|Domain not found/;

export interface VirshDeps {
  readonly run: CommandRunner;
}
export interface VirshOptions {
  readonly uri: string;
}

interface Call {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly onLine?: (line: string) => void;
}

/** A disc for a domain's drive. */
export interface Medium {
  readonly uuid: string;
  readonly drive: string;
  readonly path: string | undefined;
}

/**
 * Calls that the native binding lacks, through libvirt's own program. Each call starts a process, in about 30 ms.
 * @throws GridError VMM_FAILED with virsh's own words, TOOL_MISSING
 */
export class Virsh {
  readonly #run: CommandRunner;
  readonly #uri: string;

  constructor({ run }: VirshDeps, { uri }: VirshOptions) {
    this.#run = run;
    this.#uri = uri;
  }

  /** Returns the versions of libvirt and of the hypervisor, such as `QEMU 7.2.22`. */
  async versions(signal: AbortSignal): Promise<{ readonly libvirt: string; readonly hypervisor: string }> {
    const text = await this.#call(['version'], { signal });
    const of = (label: string): string => new RegExp(`^${label}: (.+)$`, 'm').exec(text)?.[1] ?? '';
    return { libvirt: of('Using library'), hypervisor: of('Running hypervisor') };
  }

  /**
   * Returns why a domain is off: `shutdown` (by the guest), `destroyed`, `crashed`, `failed`, `saved`; empty when not
   * known.
   */
  async endReason(uuid: string, signal: AbortSignal): Promise<string> {
    const text = await this.#call(['domstate', '--reason', uuid], { signal });
    return /\((\w+)\)/.exec(text)?.[1] ?? '';
  }

  /** Sends a command to the guest's agent; libvirt synchronizes first. */
  async agent(uuid: string, command: object, signal: AbortSignal): Promise<unknown> {
    const args = ['qemu-agent-command', uuid, '--timeout', String(AGENT_TIMEOUT_S), '--cmd', JSON.stringify(command)];
    return returned(await this.#call(args, { signal }));
  }

  /** Sends a command of QEMU's machine protocol. */
  async monitor(uuid: string, command: object, signal: AbortSignal): Promise<unknown> {
    return returned(await this.#call(['qemu-monitor-command', uuid, '--cmd', JSON.stringify(command)], { signal }));
  }

  /** Puts a disc into a drive; undefined ejects the present one, if any. */
  async changeMedium({ uuid, drive, path }: Medium, signal: AbortSignal): Promise<void> {
    const change = path === undefined ? ['--eject'] : ['--update', '--source', path];
    const changed = this.#call(['change-media', uuid, drive, '--live', '--force', ...change], { signal });
    await changed.catch(fineIf(/doesn't have media/));
  }

  /** Saves a running domain's memory in libvirt's own folder and ends the domain; its next start resumes it. */
  async suspendToDisk(uuid: string, signal: AbortSignal): Promise<void> {
    await this.#call(['managedsave', uuid, '--running'], { signal, timeoutMs: SAVE_DEADLINE_MS });
  }

  /** Cancels libvirt's job on a domain, such as saving it, if there is one. */
  async abortJob(uuid: string, signal: AbortSignal): Promise<void> {
    await this.#call(['domjobabort', uuid], { signal }).catch(() => undefined);
  }

  /** Returns whether a start of the domain would resume it. */
  async isSuspendedToDisk(uuid: string, signal: AbortSignal): Promise<boolean> {
    return /^Managed save:\s+yes$/m.test(await this.#call(['dominfo', uuid], { signal }));
  }

  /** Undefines a domain that does not run, with everything that libvirt keeps for it. A missing domain is ignored. */
  async undefine(uuid: string, signal: AbortSignal): Promise<void> {
    const forgotten = this.#call(['undefine', uuid, '--managed-save', '--nvram'], { signal });
    await forgotten.catch(fineIf(NO_DOMAIN));
  }

  /**
   * Calls `onEvent` whenever the agent of a domain opens or closes its port, until the signal aborts or libvirtd goes.
   */
  async watchAgent(uuid: string, onEvent: () => void, signal: AbortSignal): Promise<void> {
    const args = ['event', '--domain', uuid, '--event', 'agent-lifecycle', '--loop'];
    await this.#call(args, { signal, onLine: onEvent });
  }

  async #call(args: readonly string[], { signal, timeoutMs = CALL_DEADLINE_MS, onLine }: Call): Promise<string> {
    const [command = ''] = args;
    const failure = { code: 'VMM_FAILED', message: `libvirt refused ${command}`, details: { command } } as const;
    try {
      return await runTool('virsh', ['--quiet', '--connect', this.#uri, ...args], {
        ...{ run: this.#run, signal, timeoutMs, failure },
        environment: { ...process.env, LC_ALL: 'C' },
        ...(onLine === undefined ? {} : { onLine }),
      });
    } catch (error) {
      throw error instanceof GridError && error.code === 'VMM_FAILED' ? inItsWords(error) : error;
    }
  }
}

/** Puts virsh's own words into the message: exit status 1 alone helps nobody. */
function inItsWords(error: GridError): GridError {
  const said = String(error.details.output).trim().split('\n').join('; ').replaceAll('error: ', '');
  return new GridError(
    error.code,
    said === '' ? error.message : `libvirt refused ${error.details.command}: ${said}`,
    error.details,
    {
      cause: error.cause,
    },
  );
}

/** For `catch`: ignores virsh's refusal of a change that has happened already. */
const fineIf = (output: RegExp) => (error: unknown) => {
  if (!says(error, output)) throw error;
};

/** Returns whether virsh failed with these words. */
export const says = (error: unknown, output: RegExp): boolean =>
  error instanceof GridError && output.test(String(error.details.output));

function returned(text: string): unknown {
  const reply = JSON.parse(text) as { readonly return?: unknown; readonly error?: { readonly desc: string } };
  if (reply.error !== undefined) throw new GridError('VMM_FAILED', `QEMU: ${reply.error.desc}`);
  return reply.return;
}
