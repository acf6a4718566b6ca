import type { End, Session } from './session.ts';

/** The present links, found by either end: thousands of plants come and go without a search through all links. */
export class Sessions<Dialed> {
  readonly #dialed = new Map<Session, Dialed>();
  readonly #byName = new Map<string, Set<Session>>();

  add(session: Session, dialed: Dialed): void {
    this.#dialed.set(session, dialed);
    for (const { name } of endsOf(session)) {
      const named = this.#byName.get(name) ?? new Set();
      this.#byName.set(name, named.add(session));
    }
  }

  /** Forgets a link. Returns what it was dialled for; undefined when it was forgotten before. */
  remove(session: Session): Dialed | undefined {
    const dialed = this.#dialed.get(session);
    this.#dialed.delete(session);
    for (const { name } of endsOf(session)) this.#byName.get(name)?.delete(session);
    return dialed;
  }

  all(): readonly Session[] {
    return [...this.#dialed.keys()];
  }

  /** Returns the links of one run of a process. */
  of({ name, life }: End): readonly Session[] {
    return [...(this.#byName.get(name) ?? [])].filter((session) => endsOf(session).some((end) => end.life === life));
  }

  /** Returns the links that a process of this name dialled, in any of its runs. */
  dialedBy(name: string): readonly Session[] {
    return [...(this.#byName.get(name) ?? [])].filter(({ ends: { lower } }) => lower.name === name);
  }
}

const endsOf = ({ ends: { upper, lower } }: Session): readonly End[] => [upper, lower];
