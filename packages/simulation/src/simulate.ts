/** Runs a grid through its requests and faults, lets it come to rest, and checks the invariants all the time. */
import { checkPlant, checkRest, misbelievedVms, misstatedVms, requireCorrected, requireUndone } from './checks.ts';
import { Faults } from './faults.ts';
import { Grid } from './grid.ts';
import { madeUpGrid } from './made-up-grid.ts';
import { LEVELS, type SimulationOptions } from './options.ts';
import { ProgressReporter, type ReportProgress } from './progress.ts';
import { reportOf, type SimulationReport } from './report.ts';
import { anyBeginning, anyWork } from './scenario.ts';
import { Violation } from './violation.ts';

/** Time after the last fault until plants have taken over what an earlier run left. */
const SETTLE_MS = 90_000;
/** After this time the work in progress on a VM is over, or goes on with another record. */
const LOOK_AGAIN_MS = 10_000;
/**
 * Time until the last client is answered, the last lease has ended and the last VM is gone. Virtual time without events
 * costs nothing.
 */
const REST_MS = 4 * 3_600_000;

/** `report` is told how far the run is; it has no effect on the run. */
export async function simulate(
  options: SimulationOptions,
  report: ReportProgress = () => undefined,
): Promise<SimulationReport> {
  const progress = new ProgressReporter({ name: `seed ${options.seed}`, requests: options.requests }, report);
  progress.enter(`${options.plants} plants are started`);
  const grid = new Grid(madeUpGrid(options));
  progress.follow(grid);
  const { world, network, plants, shops, brokers, ledger, client, operator } = grid;
  const durationMs = options.seconds * 1_000;
  const { faultEveryMs } = LEVELS[options.faults];
  const faults = new Faults(
    { ...grid, others: [...shops, ...brokers] },
    { everyMs: faultEveryMs, untilMs: durationMs },
  );
  const random = world.random.fork('requests');
  grid.start();
  if (Number.isFinite(faultEveryMs)) faults.start();
  for (let number = 1; number <= options.requests; number += 1) {
    const work = anyWork(random);
    world.schedule(random.next() * durationMs, () => void client.ask(`request-${number}`, work));
  }
  for (let number = 1; number <= options.builds; number += 1) {
    const work = anyBeginning(random);
    world.schedule(random.next() * durationMs, () => void operator.build(`build-${number}`, work));
  }
  const check = () => {
    for (const node of grid.takeChanged()) checkPlant(node, ledger, world);
    if (grid.reported) throw grid.reported;
    progress.afterEvent();
  };
  const violation = await catchViolation(async () => {
    progress.enter('requests come');
    await world.run(durationMs, check);
    progress.enter('the network is mended');
    world.note('calm');
    network.calm();
    for (const node of [...plants, ...shops, ...brokers]) node.start();
    await world.run(durationMs + SETTLE_MS, check);
    const [misstated, misbelieved] = [misstatedVms(plants), misbelievedVms(grid)];
    await world.run(durationMs + SETTLE_MS + LOOK_AGAIN_MS, check);
    requireCorrected('states are true', misstated, misstatedVms(plants));
    requireCorrected('shops know what plants have', misbelieved, misbelievedVms(grid));
    requireUndone(grid);
    progress.enter('the grid comes to rest');
    await world.run(durationMs + REST_MS, check);
    progress.enter('all plants are looked at');
    checkRest(grid);
  });
  return reportOf({ options, world, ledger, faults: faults.count, violation });
}

async function catchViolation(work: () => Promise<void>): Promise<Violation | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}
