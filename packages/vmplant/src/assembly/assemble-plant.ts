/** Assembles a plant on its ports: a real host with its machines, or a simulated one. Nothing runs yet. */
import { type LinkAbove, type ProgressEvent, parseDuration } from '@vmgrid/protocol';
import type { PlantConfig } from '../config.ts';
import { Configurator } from '../configuration/configurator.ts';
import { Reconfigurator } from '../configuration/reconfigurator.ts';
import { Creator } from '../creation/creator.ts';
import { ImageBuilder } from '../images/image-builder.ts';
import { recover } from '../lifecycle/recovery.ts';
import { Plant } from '../plant.ts';
import { watchMachine } from '../vms/machine-watch.ts';
import { assembleBids } from './assemble-bids.ts';
import { assembleLifecycle } from './assemble-lifecycle.ts';
import { openBooks, type PlantBooks } from './open-books.ts';
import { PlantEvents } from './plant-events.ts';
import type { OperatorServices, PlantPorts } from './ports.ts';

export async function assemblePlant<Services extends OperatorServices>(
  ports: PlantPorts<Services>,
  config: PlantConfig,
) {
  const events = new PlantEvents();
  const books = await openBooks(ports, config, events);
  const { bidService, offers, adPublisher } = assembleBids(ports, books, config);
  events.on('usage', () => void offers.changed());
  const parts = {
    ...{ ...partsOfHost(ports, config), ...books, events },
    changed: () => adPublisher.changed(),
    report: (event: ProgressEvent) => void events.emit('progress', event),
    watch: watching(ports, books, () => adPublisher.changed()),
  };
  const lifecycle = assembleLifecycle(parts, config);
  const making = { ...parts, execution: parts, plan: bidService.plan.bind(bidService) };
  const onLines = { ...making, lines: ports.reports };
  const imageBuilder = new ImageBuilder(onLines, config);
  const services = ports.makeOperatorServices({ ...onLines, imageBuilder });
  const { selfTending } = services;
  const plant = new Plant(
    {
      ...{ ...parts, ...lifecycle, ...services, bidService, imageBuilder },
      creator: new Creator({ ...making, record: selfTending.record.bind(selfTending) }, config),
      reconfigurator: new Reconfigurator(parts, config),
      withNumbers: ports.host.withNumbers,
    },
    config,
  );
  const { collector } = lifecycle;
  const collect = (vmId: string) => collector.collect(vmId, { requestId: `recovery-${vmId}` });
  return {
    ...{ ...parts, ...services, bidService, offers, adPublisher, plant },
    /** Takes over the VMs and images that an earlier run left, then makes the first ad. */
    async recover(): Promise<void> {
      await recover({ ...parts, collect });
      await adPublisher.renew();
    },
    /** Called when a link comes up, for the first time or again. */
    opened(link: LinkAbove): void {
      books.vmPublisher.opened(link);
      offers.opened(link);
    },
    /** Called when a link ends for good. */
    ended(link: LinkAbove): void {
      books.vmPublisher.ended(link);
      offers.ended(link);
    },
  };
}

/** Returns the parts of the host that the plant's parts use, under the names that those have for them. */
function partsOfHost({ log, clock, host, lines, stores }: PlantPorts, { guestNetwork, bootDeadline }: PlantConfig) {
  const { warehouse, discs } = stores;
  const { actions: hostActions, clock: hostClock, nameVm } = host;
  const bootDeadlineMs = parseDuration(bootDeadline);
  return {
    ...{ log, clock, hostClock, hostActions, nameVm, lines, warehouse, guestNetwork },
    configurator: new Configurator({ hostActions, clock, discs, bootDeadlineMs }),
    bootDeadlineMs,
  };
}

/** Watches machines, so that an end which nobody ordered is recorded. */
const watching =
  ({ log }: PlantPorts, books: PlantBooks, changed: () => void) =>
  (vmId: string) => {
    watchMachine(vmId, { ...books, log, changed }).catch((error) =>
      log.error({ err: error, vmId }, 'the end of a machine could not be recorded'),
    );
  };
