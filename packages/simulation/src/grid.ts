/** A whole simulated grid: network, plants, shops and a client, put together as the options say. */
import type { Capacity } from '@vmgrid/bidding';
import { checkConfig } from '@vmgrid/daemon';
import { PlantConfig } from '@vmgrid/vmplant';
import type { GoldenImage } from '@vmgrid/warehouse';
import { Ledger } from './ledger.ts';
import { Fabric } from './network/fabric.ts';
import { Network, type NetworkOptions } from './network/network.ts';
import { BrokerNode, type BrokerNodeOptions } from './nodes/broker-node.ts';
import { Client, type ClientOptions } from './nodes/client.ts';
import { Operator } from './nodes/operator.ts';
import { ShopNode } from './nodes/shop-node.ts';
import type { OfferKind } from './options.ts';
import { PlantNode } from './plant/plant-node.ts';
import type { MachineFaults } from './plant/virtual-line.ts';
import type { Violation } from './violation.ts';
import { World } from './world/world.ts';

const TRACE_KEPT = 20_000;
const SHOP = { bidWindowMs: 1_000, requestDeadlineMs: 120_000, plantReturnMs: 20_000 };
const LINK = { silenceMs: 6_000, redialMs: 1_000 };
const LATENCY = { latencyLeastMs: 0.5, latencyMeanMs: 4 };
/** How long a VM is kept after it was suspended at the end of its lease. */
const SUSPENDED_KEPT = 'PT5M';
/** Guests on paper answer at once, or never. */
const BOOT_DEADLINE = 'PT1M';

/** Describes the grid to simulate. */
export interface GridPlan {
  readonly seed: string;
  readonly shops: number;
  /** Number of brokers at each level, from the top. */
  readonly brokers: readonly number[];
  readonly plants: readonly { readonly plantId: string; readonly capacity: Capacity }[];
  /** The images in every plant's warehouse. */
  readonly images: ReadonlyMap<string, GoldenImage>;
  readonly cost: string;
  readonly offers: OfferKind;
  readonly concurrentCreations: number;
  readonly machines: MachineFaults;
  readonly network: Pick<NetworkOptions, 'lossRate' | 'repeatRate'>;
  readonly client: ClientOptions;
  /** Called with each VM when its client learns of it. */
  readonly ready?: (plants: readonly PlantNode[]) => void;
}

export class Grid {
  readonly world: World;
  readonly network: Network;
  readonly fabric: Fabric;
  readonly ledger = new Ledger();
  readonly plants: readonly PlantNode[];
  readonly shops: readonly ShopNode[];
  readonly brokers: readonly BrokerNode[];
  readonly client: Client;
  readonly operator: Operator;
  readonly names: readonly string[];
  readonly #changed = new Set<PlantNode>();
  #reported: Violation | undefined;

  constructor(plan: GridPlan) {
    this.world = new World({ seed: plan.seed, traceKept: TRACE_KEPT });
    const { world } = this;
    this.network = new Network(world, { ...LATENCY, ...plan.network });
    const { network } = this;
    this.fabric = new Fabric(world, network, LINK);
    const { fabric } = this;
    const shopNames = numbered('shop', plan.shops);
    this.shops = shopNames.map((name) => new ShopNode({ world, fabric }, { name, ...SHOP }));
    const changed = (node: PlantNode) => void this.#changed.add(node);
    const config = plantConfig(plan);
    const { plantReturnMs } = SHOP;
    this.brokers = brokersOf(plan.brokers, shopNames).map(
      (broker) => new BrokerNode({ world, fabric }, { ...broker, plantReturnMs }),
    );
    const lowest = lowestOf(plan.brokers, shopNames);
    const { images, machines } = plan;
    this.plants = plan.plants.map(({ plantId, capacity }, index) => {
      const upstreams = upstreamsOf(index, lowest);
      return new PlantNode(
        { world, fabric, changed },
        { plantId, upstreams, capacity, images, config, faults: machines },
      );
    });
    this.names = [...shopNames, ...this.brokers.map(({ name }) => name), ...this.plants.map(({ plantId }) => plantId)];
    const report = (violation: Violation) => {
      this.#reported ??= violation;
    };
    this.client = new Client({ ...this, report, ready: () => plan.ready?.(this.plants) }, plan.client);
    this.operator = new Operator({ ...this, report });
  }

  /** The violation that a client found. */
  get reported(): Violation | undefined {
    return this.#reported;
  }

  start(): void {
    for (const node of [...this.shops, ...this.brokers, ...this.plants]) node.start();
  }

  /** Returns the plants whose disk or machines have changed since the last call. */
  takeChanged(): readonly PlantNode[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }
}

const levelNames = (counts: readonly number[], level: number): string[] =>
  numbered(`broker-${level + 1}`, counts[level] ?? 0);

/** Returns the nodes that plants dial. */
const lowestOf = (counts: readonly number[], shops: readonly string[]): readonly string[] =>
  counts.length === 0 ? shops : levelNames(counts, counts.length - 1);

/** Returns the nodes that a node dials: all shops, or two of the brokers above, so that one may be lost. */
function upstreamsOf(index: number, above: readonly string[]): readonly string[] {
  if (above.every((name) => name.startsWith('shop'))) return above;
  return [...new Set([above[index % above.length]!, above[(index + 1) % above.length]!])];
}

function brokersOf(counts: readonly number[], shops: readonly string[]): Omit<BrokerNodeOptions, 'plantReturnMs'>[] {
  return counts.flatMap((_, level) => {
    const above = level === 0 ? shops : levelNames(counts, level - 1);
    return levelNames(counts, level).map((name, index) => ({ name, upstreams: upstreamsOf(index, above) }));
  });
}

/** Returns the configuration that all plants share, except for their names. */
function plantConfig({ cost, offers, concurrentCreations }: GridPlan): PlantConfig {
  const folders = { stateDirectory: '/state', warehouseDirectory: '/warehouse' };
  const given = {
    ...{ plantId: 'plant', ...folders, lines: ['simulated'], cost, concurrentCreations },
    standingOffers: offers === 'standing',
    lease: { suspended: SUSPENDED_KEPT },
    bootDeadline: BOOT_DEADLINE,
  };
  return checkConfig(PlantConfig, given, 'plant');
}

export const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
