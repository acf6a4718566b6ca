/** The folder of golden images: what is in it, who uses it, how images come and go. */
export { exportImage, OpenArchive } from './archive/export.ts';
export { type ImportedImage, type ImportOptions, importArchive, importStream } from './archive/import.ts';
export { type CollectibleImage, planCollection } from './collection.ts';
export { digestFile } from './digest-file.ts';
export { keepChainShort } from './flatten.ts';
export type { ImageBuildStore, StagingFolder } from './image-build-store.ts';
export { ImageExaminer } from './image-examiner.ts';
export { allocatedBytes, bootFilesOf, ownBytes, sharedBytes } from './image-files.ts';
export type { ImageHolds } from './image-holds.ts';
export { imageIdOf } from './image-id.ts';
export { ImageWatch } from './image-watch.ts';
export { type LabelSet, tagsOf } from './labels.ts';
export { Lineage } from './lineage.ts';
export { type GoldenImage, type HistoryEntry, type ImageMemory, LOST_AT_BOOT, Manifest } from './manifest.ts';
export { readQcow2Header } from './qcow2-header.ts';
export { KEPT_BY_DAEMON } from './staging.ts';
export { type ManifestDraft, Warehouse } from './store.ts';
export { verifyImages } from './verify.ts';
