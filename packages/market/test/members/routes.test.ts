import { expect, test } from '@jest/globals';
import { systemClock } from '@vmgrid/daemon';
import type { Bidder, MembersEvent } from '@vmgrid/protocol';
import { type MemberChange, Membership } from '../../src/index.ts';

const bidderOf = (plantId: string, role?: 'broker'): Bidder => ({
  plantId,
  hello: { plantId, version: '1', ad: {}, ...(role ? { role } : {}) },
  call: () => Promise.reject(new Error('nobody calls here')),
});

function membershipOf(selfId?: string) {
  const changes: string[] = [];
  const faults: string[] = [];
  const text = ({ change, plantId, via }: MemberChange) =>
    `${plantId} ${change}${via.length > 0 ? ` via ${via.join(' ')}` : ''}`;
  const membership = new Membership({
    clock: systemClock,
    onProgress: () => undefined,
    onVms: () => undefined,
    onChange: (change) => changes.push(text(change)),
    onFault: ({ plantId, broker, problem }) => faults.push(`${plantId} at ${broker}: ${problem}`),
    ...(selfId === undefined ? {} : { selfId }),
  });
  const tell = (broker: Bidder, event: Partial<MembersEvent>) =>
    membership.notified(broker, 'members', { joined: [], left: [], ...event });
  return { membership, changes, faults, tell };
}

const below = (plantId: string, ...via: string[]) => ({ plantId, version: '1', via });

test('a plant is reached the shortest way there is, and has left with the last', () => {
  const { membership, changes, tell } = membershipOf();
  const [broker, direct] = [bidderOf('broker', 'broker'), bidderOf('plant')];
  membership.joined(broker);
  tell(broker, { joined: [below('plant', 'deep')] });
  tell(broker, { joined: [below('plant')] });
  membership.joined(direct);
  expect(membership.find('plant')).toBe(direct);
  membership.left(direct, 'gone');
  expect(membership.find('plant')).not.toBe(direct);
  tell(broker, { left: [{ plantId: 'plant', reason: 'gone' }] });
  expect(membership.find('plant')).toBeUndefined();
  expect(changes).toEqual([
    ...['broker joined', 'plant joined via broker deep', 'plant moved via broker', 'plant moved'],
    ...['plant moved via broker', 'plant left via broker'],
  ]);
});

test('with a broker all plants leave that have no other way', () => {
  const { membership, changes, tell } = membershipOf();
  const [one, two] = [bidderOf('one', 'broker'), bidderOf('two', 'broker')];
  membership.joined(one);
  membership.joined(two);
  tell(one, { joined: [below('a'), below('b')] });
  tell(two, { joined: [below('b')] });
  changes.length = 0;
  membership.left(one, 'died');
  expect(membership.plantIds()).toEqual(['b']);
  expect(changes).toEqual(['a left via one', 'b moved via two', 'one left']);
});

test('a way that was tried, or leads through a broker that the call has passed, will not do', () => {
  const { membership, tell } = membershipOf();
  const [one, two] = [bidderOf('one', 'broker'), bidderOf('two', 'broker')];
  for (const broker of [one, two]) {
    membership.joined(broker);
    tell(broker, { joined: [below('plant')] });
  }
  const first = membership.find('plant')!;
  const second = membership.find('plant', { except: new Set([first]) })!;
  expect(second).not.toBe(first);
  expect(membership.find('plant', { path: ['one'] })).toBe(second);
  expect(membership.find('plant', { path: ['one', 'two'] })).toBeUndefined();
});

test('a way that leads back here, or is too long, is refused and told', () => {
  const { membership, faults, tell } = membershipOf('self');
  const broker = bidderOf('broker', 'broker');
  membership.joined(broker);
  tell(broker, { joined: [below('round', 'self'), below('far', ...'abcdefgh'), below('near', ...'abcdefg')] });
  expect(membership.plantIds()).toEqual(['near']);
  expect(faults).toEqual([
    'round at broker: the way leads back here: broker → self',
    'far at broker: the way passes 9 brokers, the limit is 8',
  ]);
});

test('a plant that moved to a way that will not do is reached the old way no more', () => {
  const { membership, tell } = membershipOf('self');
  const broker = bidderOf('broker', 'broker');
  membership.joined(broker);
  tell(broker, { joined: [below('plant')] });
  tell(broker, { joined: [below('plant', 'self')] });
  expect(membership.plantIds()).toEqual([]);
});
