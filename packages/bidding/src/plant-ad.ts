/** The plant's own ClassAd: requirements, rank and cost expressions see it as TARGET. Pure. */
import { ClassAd } from '@vmgrid/classad';
import { adToJson, type ClassAdJson, isPlainAd, type LineName, type PlantSnapshot } from '@vmgrid/protocol';

/** `line`: the line of a bid. */
export const plantAd = (plant: PlantSnapshot, line?: LineName): ClassAd => ClassAd.of(attributesOf(plant, line));

/** Returns the ad as messages carry it. */
export function plantAdJson(plant: PlantSnapshot, line: LineName): ClassAdJson {
  const attributes = attributesOf(plant, line);
  return isPlainAd(attributes) ? attributes : adToJson(ClassAd.of(attributes));
}

function attributesOf(plant: PlantSnapshot, line?: LineName) {
  const { capacity, usage } = plant;
  const working = plant.lines.filter(({ available }) => available);
  return {
    MyType: 'Plant',
    Name: plant.plantId,
    Version: plant.version,
    Arch: 'x86_64',
    TotalMemoryMiB: capacity.memoryMiB,
    UsedMemoryMiB: usage.memoryMiB,
    FreeMemoryMiB: capacity.memoryMiB - usage.memoryMiB,
    TotalDiskMiB: capacity.diskMiB,
    UsedDiskMiB: usage.diskMiB,
    FreeDiskMiB: capacity.diskMiB - usage.diskMiB,
    CpusPerVm: capacity.cpusPerVm,
    MaxVms: capacity.vms,
    VmCount: usage.vms,
    LoadAverage: plant.loadAverage,
    Lines: working.map((line) => line.line),
    Accelerators: working.map((line) => line.compatibility.accelerator),
    GuestNetwork: plant.guestNetwork,
    HostActions: [...plant.hostActions],
    ImageCount: plant.imageCount,
    Draining: plant.draining,
    ...failureAttributes(plant.failures),
    ...(line === undefined ? {} : { Line: line }),
  };
}

/** Makes the attributes by which every shop and broker puts the plant into backoff. */
function failureAttributes(failures: PlantSnapshot['failures']) {
  if (!failures) return { RecentFailures: 0 };
  const { inARow, lastCode, lastTime } = failures;
  return { RecentFailures: inARow, LastFailureCode: lastCode, LastFailureTime: lastTime };
}
