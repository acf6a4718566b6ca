/**
 * Requirements of every production line, tested against the ProductionLine interface only. A line's own test calls it:
 *
 *   productionLineContract({ name: 'qemu', …, make: (options, deps) => new QemuLine(deps, options) });
 */
import { afterAll, beforeAll, describe } from '@jest/globals';
import { type Bench, type LineUnderTest, OPEN_BENCH_MS, openBench } from './bench.ts';
import { cloneContract } from './clone.contract.ts';
import { failureContract } from './failure.contract.ts';
import { imageContract } from './image.contract.ts';
import { isolationContract } from './isolation.contract.ts';
import { lifeContract } from './life.contract.ts';
import { limitsContract } from './limits.contract.ts';
import { suspensionContract } from './suspension.contract.ts';

export function productionLineContract(subject: LineUnderTest): void {
  describe(`the line ${subject.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(subject);
    }, OPEN_BENCH_MS);
    afterAll(() => bench?.workshop.close(), 60_000);

    cloneContract(subject, () => bench);
    imageContract(() => bench);
    limitsContract(subject, () => bench);
    isolationContract(subject, () => bench);
    lifeContract(() => bench);
    suspensionContract(subject, () => bench);
    failureContract(subject, () => bench);
  });
}
