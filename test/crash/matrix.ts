/** The crash matrix: who dies, amid what, at which step; and one point of it carried out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../bench/fuzz/mutate.ts';
import { SCENARIOS, type Verb } from './scenarios.ts';
import { type Death, ROLES, type Role, type Site } from './site.ts';

/** A daemon that dies at a boundary of its work, or a machine whose process is killed after a while. */
export type Point =
  | { readonly victim: Role; readonly verb: Verb; readonly boundary: number }
  | { readonly victim: 'machine'; readonly verb: Verb; readonly afterMs: number };

export interface PointResult {
  readonly point: Point;
  /** The processes that died, and at which step; empty when the work was done before. */
  readonly deaths: readonly Death[];
  readonly problems: readonly string[];
}

/** How many boundaries each role passes in each kind of work that nothing disturbs. */
export type Boundaries = Readonly<Record<Verb, Readonly<Record<Role, number>>>>;

/** Share of the points of each victim; most of what can go wrong goes wrong in a plant. */
const SHARES = { plant: 12, shop: 3, broker: 3, machine: 2 } as const;
const MACHINE_WITHIN_MS = 150;
const MACHINE_VERBS: readonly Verb[] = ['create', 'configure', 'suspend', 'resume', 'destroy', 'build'];
const LOOK_MS = 5;

export async function countBoundaries(site: Site, verbs: readonly Verb[]): Promise<Boundaries> {
  const counted: Partial<Record<Verb, Record<Role, number>>> = {};
  for (const verb of verbs) {
    const work = await SCENARIOS[verb](site);
    await Promise.all(ROLES.map((role) => site.order(role, 0)));
    const answer = await site.untilAnswered(work.ask);
    const [plant, shop, broker] = await Promise.all(ROLES.map((role) => site.order(role, 0)));
    counted[verb] = { plant: plant!, shop: shop!, broker: broker! };
    await work.heard(answer as never);
    await work.clear();
  }
  return counted as Boundaries;
}

/** So many points, spread over victims and kinds of work, each at a boundary that chance chooses. */
export function drawPoints(count: number, boundaries: Boundaries, random: Random): readonly Point[] {
  const verbs = Object.keys(boundaries) as Verb[];
  const withMachine = MACHINE_VERBS.filter((verb) => verbs.includes(verb));
  const victims = Object.entries(SHARES).flatMap(([victim, share]) => Array.from({ length: share }, () => victim));
  return Array.from({ length: count }, (_, index): Point => {
    const victim = victims[Math.floor(random() * victims.length)] as keyof typeof SHARES;
    if (victim === 'machine') {
      const verb = withMachine[index % withMachine.length]!;
      return { victim, verb, afterMs: Math.round(random() * MACHINE_WITHIN_MS) };
    }
    const verb = verbs[index % verbs.length]!;
    return { victim, verb, boundary: 1 + Math.floor(random() * Math.max(1, boundaries[verb][victim])) };
  });
}

export async function runPoint(site: Site, point: Point): Promise<PointResult> {
  const result = await carryOut(site, point).catch((error): PointResult => {
    return { point, deaths: [], problems: [`${error instanceof Error ? (error.stack ?? error.message) : error}`] };
  });
  // A fault at one point is not reported again at the points after it.
  if (result.problems.length > 0) await site.sweep();
  return result;
}

async function carryOut(site: Site, point: Point): Promise<PointResult> {
  const work = await SCENARIOS[point.verb](site);
  const { answer, deaths } =
    point.victim === 'machine' ? await amidMachineDeath(site, work.ask, point) : await amidDeath(site, work.ask, point);
  const internal = 'error' in answer && answer.error.code === 'INTERNAL' ? [`INTERNAL: ${answer.error.message}`] : [];
  const told = await work.heard(answer as never);
  if (point.victim === 'machine') site.allowFailures();
  const problems = [...internal, ...told, ...(await site.problems())];
  await work.clear();
  return { point, deaths, problems };
}

async function amidDeath<T>(site: Site, ask: () => Promise<T>, { victim, boundary }: Point & { victim: Role }) {
  await site.order(victim, boundary);
  const answered = site.untilAnswered(ask);
  const disarmed = answered.catch(() => undefined).then(() => site.order(victim, 0));
  const deaths = await site.revive(victim, disarmed);
  return { answer: await answered, deaths };
}

/** Kills the newest process of a machine that is there once the time is over. */
async function amidMachineDeath<T>(site: Site, ask: () => Promise<T>, { afterMs }: Point & { victim: 'machine' }) {
  const answered = site.untilAnswered(ask);
  let isAnswered = false;
  const end = () => {
    isAnswered = true;
  };
  const over = answered.then(end, end);
  await Promise.race([sleep(afterMs), over]);
  while (!isAnswered) {
    const [newest] = await site.machines();
    if (newest && killed(newest.pid)) {
      return { answer: await answered, deaths: [{ name: 'machine', step: `after ${afterMs} ms` }] };
    }
    await Promise.race([sleep(LOOK_MS), over]);
  }
  return { answer: await answered, deaths: [] };
}

/** Whether it was still there to be killed. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
