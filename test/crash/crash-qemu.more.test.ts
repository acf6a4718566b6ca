/** The crash matrix on QEMU: machines that have memory, sockets and a mind of their own. */
import { crashPoints } from './crash-points.contract.ts';
import { VERBS_ON_QEMU } from './scenarios.ts';
import { Site } from './site.ts';

crashPoints({ points: 20, verbs: VERBS_ON_QEMU, open: () => Site.openOnQemu('crash-qemu') });
