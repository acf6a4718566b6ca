/** The resources of a host: tools, sockets, pipes, memory, control groups. */
export { CgroupConfig } from './cgroup/cgroup-config.ts';
export { Cgroups } from './cgroup/cgroups.ts';
export { holdFifo, makeFifos, readFifo, writeFifo } from './fifo.ts';
export { freeBytes } from './free-bytes.ts';
export { hostMemory } from './host-memory.ts';
export { lineSplitter, readLines } from './line-reader.ts';
export { type MachineGroups, NO_GROUPS } from './machine-groups.ts';
export { nameWhatIsFull } from './name-what-is-full.ts';
export { requirePassage } from './require-passage.ts';
export { retryOnChange } from './retry-on-change.ts';
export { runTool, type ToolOptions, toolMissing } from './run-tool.ts';
export { connectUnix, listenUnix, removeSockets } from './unix-socket.ts';
