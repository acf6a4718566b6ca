/** Many simulated plants in one process. Says `joined` when all of them are known above. */
import { SimulatedPlant, type SimulatedPlantOptions } from './simulated-plant.ts';

/** Plants that dial at the same time. */
const DIALLING = 50;

export interface PlantsOrder {
  readonly plants: readonly SimulatedPlantOptions[];
}

process.on('message', ({ plants }: PlantsOrder) => {
  void join(plants).then(() => process.send!('joined'));
});
process.on('disconnect', () => process.exit());

async function join(plants: readonly SimulatedPlantOptions[]): Promise<void> {
  for (let first = 0; first < plants.length; first += DIALLING) {
    await Promise.all(plants.slice(first, first + DIALLING).map((one) => new SimulatedPlant(one).joined));
  }
}
