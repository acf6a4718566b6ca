/** What running actions on a machine came to; grows action by action, so that a failure keeps what was done before it. */
import { type ClassAd, parseClassAd } from '@vmgrid/classad';
import { type Action, digestAction } from '@vmgrid/dag';
import { type ErrorCode, type ErrorDetails, GridError } from '@vmgrid/protocol';
import type { HistoryEntry } from '@vmgrid/warehouse';
import { isReservedAttribute } from '../vms/reporter.ts';

export interface Configuration {
  /** Actions that succeeded, in the order they ran. */
  readonly history: readonly HistoryEntry[];
  /** Ids of actions that failed with `onError="continue"`. */
  readonly failedActions: readonly string[];
  /** Attribute name to ClassAd expression. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether a secret action ran, well or not. */
  readonly secret: boolean;
}

/** Characters of attributes that the actions of one configuration may set together. */
export const ATTRIBUTES_LIMIT_CHARS = 1_048_576;

const IDENTITY_ATTRIBUTE = 'SshHostKey';

/** An action ended the configuration. `before` is what had been done by then. */
export class ActionsFailed extends GridError {
  readonly before: Configuration;

  constructor(code: ErrorCode, message: string, details: ErrorDetails, before: Configuration) {
    super(code, message, details);
    this.before = before;
  }
}

/** How an action ended that did not succeed. */
export interface ActionFailure {
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  readonly output: string;
}

export class ConfigurationProgress {
  readonly #history: HistoryEntry[] = [];
  readonly #failedActions: string[] = [];
  readonly #attributes = new Map<string, { readonly name: string; readonly text: string }>();
  #attributeChars = 0;
  #secret = false;

  get soFar(): Configuration {
    return {
      history: [...this.#history],
      failedActions: [...this.#failedActions],
      attributes: Object.fromEntries([...this.#attributes.values()].map(({ name, text }) => [name, text])),
      secret: this.#secret,
    };
  }

  began(action: Action): void {
    if (action.secret) this.#secret = true;
  }

  succeeded(action: Action, durationMs: number, now: number): void {
    this.#history.push({
      digest: digestAction(action),
      id: action.id,
      kind: action.kind,
      seconds: durationMs / 1000,
      ranAt: new Date(now).toISOString(),
    });
  }

  /** Notes the failure of an action that lets the rest go on. @throws ActionsFailed for one that does not. */
  failed(action: Action, failure: ActionFailure): void {
    if (action.onError === 'continue') this.#failedActions.push(action.id);
    else throw this.#failure(action, failure);
  }

  /** Attributes that an action told. @throws ActionsFailed ATTRIBUTES_INVALID */
  told(action: Action, text: string): void {
    for (const [name, expression] of this.#parse(action, text).entries()) {
      if (isReservedAttribute(name)) throw this.#invalid(action, `the name ${name} is the plant's own`);
      this.#set(action, name, String(expression));
    }
  }

  /** What the guest told as it took its identity: its ssh host key, and nothing else. */
  toldIdentity(text: string): void {
    const key = this.#parse(undefined, text).get(IDENTITY_ATTRIBUTE);
    if (key) this.#set(undefined, IDENTITY_ATTRIBUTE, String(key));
  }

  toldTooMuch(action: Action, limitBytes: number): never {
    throw this.#invalid(action, `they are longer than ${limitBytes} bytes`);
  }

  #set(action: Action | undefined, name: string, text: string): void {
    this.#attributeChars += name.length + text.length;
    if (this.#attributeChars > ATTRIBUTES_LIMIT_CHARS) {
      throw this.#invalid(action, `all attributes together are longer than ${ATTRIBUTES_LIMIT_CHARS} characters`);
    }
    this.#attributes.set(name.toLowerCase(), { name, text });
  }

  #parse(action: Action | undefined, text: string): ClassAd {
    try {
      return parseClassAd(text);
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
