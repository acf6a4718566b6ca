/** The beginning of the crash matrix on QEMU; `npm run test:more` has all of it. */
import { crashPoints } from './crash-points.contract.ts';
import { VERBS_ON_QEMU } from './scenarios.ts';
import { Site } from './site.ts';

crashPoints({ points: 8, verbs: VERBS_ON_QEMU, open: () => Site.openOnQemu('crash-qemu') });
