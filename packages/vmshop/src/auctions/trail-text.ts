/** Trails as JSON, which each is written as once, however often it is told. */
import type { Trail, VmReply } from '@vmgrid/protocol';

const texts = new WeakMap<Trail, string>();

export function trailText(trail: Trail): string {
  const known = texts.get(trail);
  if (known !== undefined) return known;
  const text = JSON.stringify(trail);
  texts.set(trail, text);
  return text;
}

/** The reply to a create. It holds the trail as text, which takes a fraction of the memory: replies are remembered. */
export function createReply(made: Pick<VmReply, 'requestId' | 'vm'>, trail: Trail): VmReply {
  const text = trailText(trail);
  const reply = {
    ...made,
    get trail(): Trail {
      return JSON.parse(text);
    },
  };
  const toText = () => `${JSON.stringify(made).slice(0, -1)},"trail":${text}}`;
  return Object.defineProperty(reply, 'toText', { value: toText }); // not a part of the reply
}
