import { abortable, Semaphore, within } from '@vmgrid/daemon';
import { GridError, late } from '@vmgrid/protocol';
import { type NativeConnection, type NativeDomain, type OpenNative, openNative } from './binding.ts';

/** Starting or resuming a machine takes seconds on a busy host. */
const CALL_DEADLINE_MS = 120_000;
/**
 * Calls wait in threads that the plant's file operations need too (there are four), so a hanging libvirtd must not
 * occupy them all.
 */
const CALLS_AT_ONCE = 2;

/** The states of virDomainState, by number. */
const STATES = ['none', 'running', 'blocked', 'paused', 'shutdown', 'off', 'crashed', 'asleep'] as const;
export type DomainState = (typeof STATES)[number];

/** The binding passes libvirt's messages on, but not its codes. */
const NO_DOMAIN = /^Domain not found/;
const NOT_RUNNING = /domain is not running/;
const CONNECTION_LOST =
  /client socket is closed|Broken pipe|Connection reset|End of file while reading|server closed connection/;

export interface ConnectionDeps {
  readonly open?: OpenNative;
}
export interface ConnectionOptions {
  readonly uri: string;
}

/** One call about a domain: what it does, for the message of a failure. */
interface DomainCall {
  readonly what: string;
  readonly uuid: string;
  readonly signal: AbortSignal;
}

/**
 * libvirt through its native binding. It connects at the first call, and again when libvirtd was restarted. A call that
 * is aborted continues, and may reach libvirt after the next call: whoever undoes its own work waits for it.
 */
export class LibvirtConnection {
  readonly #open: OpenNative;
  readonly #uri: string;
  readonly #calls = new Semaphore(CALLS_AT_ONCE);
  /** For each domain, the calls that change it until libvirt has answered them, aborted ones included. */
  readonly #changes = new Map<string, Set<Promise<unknown>>>();
  #native: Promise<NativeConnection> | undefined;

  constructor({ open = openNative }: ConnectionDeps, { uri }: ConnectionOptions) {
    this.#open = open;
    this.#uri = uri;
  }

  /**
   * Defines a domain, or changes one with the same name and UUID. @throws GridError VMM_FAILED with libvirt's own words
   */
  async define(uuid: string, xml: string, signal: AbortSignal): Promise<void> {
    const define = (native: NativeConnection) => this.#change(uuid, native.domainDefineXML(xml));
    await this.#call('define a domain', define, signal);
  }

  /** Starts a domain, or resumes one that is suspended to disk. */
  start(uuid: string, signal: AbortSignal): Promise<void> {
    return this.#changeDomain({ what: 'start a domain', uuid, signal }, (domain) => domain.create());
  }

  /**
   * Lets the processors of a paused domain run again, once libvirt has finished the work for which it paused the
   * domain.
   */
  resume(uuid: string, signal: AbortSignal): Promise<void> {
    return this.#changeDomain({ what: 'resume a domain', uuid, signal }, (domain) => domain.resume());
  }

  /**
   * Ends a domain at once, and again after an aborted start that went on. A domain that does not run or does not exist
   * is ignored.
   */
  async end(uuid: string, signal: AbortSignal): Promise<void> {
    const starting = this.#changes.has(uuid);
    await this.#destroy(uuid, signal);
    if (!starting) return;
    await this.settled(uuid, signal);
    await this.#destroy(uuid, signal);
  }

  /** Waits until libvirt has answered all calls that change a domain, aborted ones included. */
  async settled(uuid: string, signal: AbortSignal): Promise<void> {
    await abortable(Promise.allSettled(this.#changes.get(uuid) ?? []), signal);
  }

  /** Returns the state of a domain; undefined when it does not exist. */
  async state(uuid: string, signal: AbortSignal): Promise<DomainState | undefined> {
    const asked = this.#withDomain({ what: 'ask for a domain', uuid, signal }, (domain) => domain.getInfo());
    return asked.then(
      ({ state }) => STATES[state] ?? 'none',
      (error: unknown) => {
        if (NO_DOMAIN.test(reasonOf(error))) return undefined;
        throw error;
      },
    );
  }

  /** Disconnects from libvirt, if there was a connection. */
  async close(): Promise<void> {
    const native = this.#native;
    this.#native = undefined;
    await native?.then((connection) => connection.connectClose()).catch(() => undefined);
  }

  async #destroy(uuid: string, signal: AbortSignal): Promise<void> {
    const ended = this.#withDomain({ what: 'end a domain', uuid, signal }, (domain) => domain.destroy());
    await ended.catch((error: unknown) => {
      if (!NO_DOMAIN.test(reasonOf(error)) && !NOT_RUNNING.test(reasonOf(error))) throw error;
    });
  }

  #changeDomain({ what, uuid, signal }: DomainCall, change: (domain: NativeDomain) => Promise<void>) {
    const work = async (native: NativeConnection) => {
      const domain = await native.domainLookupByUUIDString(uuid);
      signal.throwIfAborted();
      await change(domain);
    };
    return this.#call(what, (native) => this.#change(uuid, work(native)), signal);
  }

  /** Remembers a call until libvirt has answered it. */
  #change<T>(uuid: string, call: Promise<T>): Promise<T> {
    const calls = this.#changes.get(uuid) ?? new Set();
    this.#changes.set(uuid, calls.add(call));
    const answered = () => {
      calls.delete(call);
      if (calls.size === 0) this.#changes.delete(uuid);
    };
    call.then(answered, answered);
    return call;
  }

  #withDomain<T>({ what, uuid, signal }: DomainCall, work: (domain: NativeDomain) => Promise<T>) {
    return this.#call(what, async (native) => work(await native.domainLookupByUUIDString(uuid)), signal);
  }

  async #call<T>(what: string, work: (native: NativeConnection) => Promise<T>, signal: AbortSignal): Promise<T> {
    const details = { uri: this.#uri };
    const limit = { ms: CALL_DEADLINE_MS, signal, late: late('VMM_FAILED', `libvirt did not ${what}`, details) };
    try {
      return await within(limit, (until) =>
        abortable(
          this.#calls.pass(() => this.#again(work), until),
          until,
        ),
      );
    } catch (error) {
      if (signal.aborted || error instanceof GridError) throw error;
      throw new GridError('VMM_FAILED', `libvirt could not ${what}: ${reasonOf(error)}`, details, { cause: error });
    }
  }

  /** Repeats the work on a new connection when the present one turns out to be dead. */
  async #again<T>(work: (native: NativeConnection) => Promise<T>): Promise<T> {
    const used = this.#connect();
    try {
      return await work(await used);
    } catch (error) {
      if (!CONNECTION_LOST.test(reasonOf(error))) throw error;
      if (this.#native === used) await this.close();
      return work(await this.#connect());
    }
  }

  #connect(): Promise<NativeConnection> {
    if (this.#native) return this.#native;
    const opening = this.#open(this.#uri);
    this.#native = opening;
    opening.catch(() => {
      if (this.#native === opening) this.#native = undefined;
    });
    return opening;
  }
}

/** Returns libvirt's message, also from behind an error of ours. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { readonly message: string; readonly cause?: unknown };
  return error instanceof GridError && cause instanceof Error ? reasonOf(cause) : message;
}
