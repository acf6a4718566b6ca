/** The folder of golden images: its content, the users of images, and how images come and go. */
export { exportImage, OpenArchive } from './archive/export.ts';
export { type ImportedImage, type ImportOptions, importArchive, importStream } from './archive/import.ts';
export { type CollectibleImage, planCollection } from './care/collection.ts';
export { ImageExaminer } from './care/image-examiner.ts';
export { verifyImages } from './care/verify.ts';
export type { ImageHolds } from './image-holds.ts';
export { ImageWatch } from './image-watch.ts';
export { digestFile } from './images/digest-file.ts';
export { allocatedBytes, bootFilesOf, ownBytes, sharedBytes } from './images/image-files.ts';
export { imageIdOf } from './images/image-id.ts';
export { Lineage } from './images/lineage.ts';
export { type GoldenImage, type HistoryEntry, type ImageMemory, LOST_AT_BOOT, Manifest } from './images/manifest.ts';
export { readQcow2Header } from './images/qcow2-header.ts';
export { type LabelSet, tagsOf } from './labels.ts';
export { keepChainShort } from './making/flatten.ts';
export type { ImageBuildStore, StagingFolder } from './making/image-build-store.ts';
export { KEPT_BY_DAEMON } from './making/staging.ts';
export { type ManifestDraft, Warehouse } from './store.ts';
