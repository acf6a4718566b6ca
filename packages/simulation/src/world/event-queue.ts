/** Events by their due time; events of the same time in the order in which they were added. A binary heap. */
export interface TimedEvent {
  readonly dueAt: number;
  readonly sequence: number;
}

const isBefore = (a: TimedEvent, b: TimedEvent): boolean =>
  a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.sequence < b.sequence);

export class EventQueue<E extends TimedEvent> {
  readonly #heap: E[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(event: E): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, event)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  pop(): E | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let at = 0;
    for (;;) {
      const child = this.#earlierChild(at);
      if (child === undefined || !isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  #earlierChild(at: number): number | undefined {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    if (left >= this.#heap.length) return undefined;
    return right < this.#heap.length && isBefore(this.#heap[right]!, this.#heap[left]!) ? right : left;
  }
}
