/**
 * The result of running actions on a machine. It grows action by action, so that a failure keeps the results before it.
 */
import { ClassAd, parseClassAds } from '@vmgrid/classad';
import { type Action, digestAction, restartsMachine } from '@vmgrid/dag';
import { type ErrorCode, type ErrorDetails, GridError } from '@vmgrid/protocol';
import { type HistoryEntry, LOST_AT_BOOT } from '@vmgrid/warehouse';
import { isReservedAttribute } from '../vms/reporter.ts';
import { type Attributes, mergeAttributes } from './attributes.ts';

export interface Configuration {
  /** Actions that succeeded, in the order in which they ran. */
  readonly history: readonly HistoryEntry[];
  /** Ids of actions that failed with `onError="continue"`. */
  readonly failedActions: readonly string[];
  /**
   * The attributes set by the guest's identity, by the actions in the image's history, and by the actions run here, in
   * this order.
   */
  readonly attributes: Attributes;
  /** Whether a secret action ran, successfully or not. */
  readonly secret: boolean;
  /** Whether an action restarted the machine. */
  readonly hasRestarted: boolean;
}

/** An entry of a history after which the machine restarted: a boot of its disk loses no more of it. */
export const afterRestart = ({ lostAtBoot: _, ...entry }: HistoryEntry): HistoryEntry => ({
  ...entry,
  survivesBoot: true,
});

/** Characters of attributes that the actions of one configuration may set together. */
export const ATTRIBUTES_LIMIT_CHARS = 1_048_576;

/** The attribute that the guest's identity sets; actions do not set it. */
export const IDENTITY_ATTRIBUTE = 'SshHostKey';

/** An action ended the configuration. `before` is the result until then. */
export class ActionsFailed extends GridError {
  readonly before: Configuration;

  // biome-ignore lint/complexity/useMaxParams: those of every GridError, and what was done before
  constructor(code: ErrorCode, message: string, details: ErrorDetails, before: Configuration) {
    super(code, message, details);
    this.before = before;
  }
}

/** Describes how an action failed. */
export interface ActionFailure {
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  readonly output: string;
}

export interface ProgressOptions {
  /** The history that the machine began with. The machine has its attributes as if the actions had run here. */
  readonly inherited?: readonly Pick<HistoryEntry, 'attributes'>[];
  /** Whether the guest reports the results that a boot would lose. */
  readonly observe?: boolean;
}

export class ConfigurationProgress {
  readonly #history: HistoryEntry[] = [];
  readonly #failedActions: string[] = [];
  readonly #inherited: Attributes;
  #ofIdentity: Attributes = {};
  readonly #observes: boolean;
  /** The present action's attributes, and its results that a boot would lose. */
  #ofAction: Attributes = {};
  #lost: readonly string[] = [];
  #attributeChars: number;
  #secret = false;
  #hasRestarted = false;

  constructor({ inherited = [], observe = false }: ProgressOptions = {}) {
    this.#observes = observe;
    this.#inherited = mergeAttributes(...inherited.map(({ attributes }) => attributes));
    this.#attributeChars = charsOf(this.#inherited);
  }

  get soFar(): Configuration {
    const own = this.#history.map(({ attributes }) => attributes);
    return {
      history: [...this.#history],
      failedActions: [...this.#failedActions],
      attributes: mergeAttributes(this.#ofIdentity, this.#inherited, ...own),
      secret: this.#secret,
      hasRestarted: this.#hasRestarted,
    };
  }

  began(action: Action): void {
    if (action.secret) this.#secret = true;
    this.#ofAction = {};
    this.#lost = [];
  }

  succeeded(action: Action, durationMs: number, now: number): void {
    if (restartsMachine(action)) this.#restart();
    this.#history.push({
      digest: digestAction(action),
      id: action.id,
      kind: action.kind,
      seconds: durationMs / 1000,
      ranAt: new Date(now).toISOString(),
      ...(Object.keys(this.#ofAction).length === 0 ? {} : { attributes: this.#ofAction }),
      ...(this.#observes ? { survivesBoot: this.#lost.length === 0 } : {}),
      ...(this.#lost.length === 0 ? {} : { lostAtBoot: [...this.#lost] }),
    });
  }

  /** Records the failure of an action after which the others go on. @throws ActionsFailed when they must not */
  failed(action: Action, failure: ActionFailure): void {
    if (action.onError === 'continue') this.#failedActions.push(action.id);
    else throw this.#failure(action, failure);
  }

  /** Returns the failure of a configuration whose guest restarted and cannot go on. */
  restarted({ id, kind }: Action, message: string): ActionsFailed {
    return new ActionsFailed('GUEST_RESTARTED', message, { actionId: id, kind }, this.soFar);
  }

  /** Records results of an action that a boot would lose. */
  loses(text: string): void {
    const lines = text.split('\n').filter((line) => line !== '');
    this.#lost = lines
      .slice(0, LOST_AT_BOOT.items)
      .map((line) => line.slice(0, LOST_AT_BOOT.chars).replace(/[^\x20-\x7e]/g, '?'));
  }

  /** Records attributes that an action set. @throws ActionsFailed ATTRIBUTES_INVALID */
  told(action: Action, text: string): void {
    const told = [...this.#parse(action, text).entries()];
    const reserved = told.find(([name]) => isReservedAttribute(name));
    if (reserved) throw this.#invalid(action, `the name ${reserved[0]} is the plant's own`);
    const attributes = Object.fromEntries(told.map(([name, expression]) => [name, String(expression)]));
    this.#count(action, attributes);
    this.#ofAction = attributes;
  }

  /** Records the attribute of the guest's identity: its ssh host key, and nothing else. */
  toldIdentity(text: string): void {
    const key = this.#parse(undefined, text).get(IDENTITY_ATTRIBUTE);
    if (key) this.#ofIdentity = { [IDENTITY_ATTRIBUTE]: String(key) };
  }

  toldTooMuch(action: Action, limitBytes: number): never {
    throw this.#invalid(action, `they are longer than ${limitBytes} bytes`);
  }

  toldNoText(action: Action): never {
    throw this.#invalid(action, 'they are not UTF-8 text');
  }

  /** The guest has booted: the effects of earlier actions that a boot loses are gone. */
  #restart(): void {
    this.#hasRestarted = true;
    if (this.#observes) this.#history.splice(0, this.#history.length, ...this.#history.map(afterRestart));
  }

  #count(action: Action, attributes: Attributes): void {
    this.#attributeChars += charsOf(attributes);
    if (this.#attributeChars > ATTRIBUTES_LIMIT_CHARS) {
      throw this.#invalid(action, `all attributes together are longer than ${ATTRIBUTES_LIMIT_CHARS} characters`);
    }
  }

  #parse(action: Action | undefined, text: string): ClassAd {
    try {
      // A blank line ends an ad elsewhere, but has no meaning between the attributes of an action.
      return ClassAd.fromEntries(parseClassAds(text).flatMap((ad) => ad.entries()));
    } catch (error) {
      throw this.#invalid(action, error instanceof Error ? error.message : String(error));
    }
  }

  #invalid(action: Action | undefined, why: string): ActionsFailed {
    const who = action ? `action ${action.id}` : "the guest's identity";
    return new ActionsFailed(
      'ATTRIBUTES_INVALID',
      `attributes of ${who}: ${why}`,
      { actionId: action?.id },
      this.soFar,
    );
  }

  #failure(action: Action, { exitCode, timedOut, output }: ActionFailure): ActionsFailed {
    const code = timedOut ? 'ACTION_TIMEOUT' : 'ACTION_FAILED';
    const how = timedOut
      ? `did not end within ${action.timeout ?? 'the default time limit'}`
      : `ended with exit status ${exitCode ?? 'unknown'}`;
    const details = { actionId: action.id, kind: action.kind, exitCode, output: action.secret ? '' : output };
    return new ActionsFailed(code, `action ${action.id} ${how}`, details, this.soFar);
  }
}

const charsOf = (attributes: Attributes): number =>
  Object.entries(attributes).reduce((sum, [name, text]) => sum + name.length + text.length, 0);
