/** The beginning of the crash matrix on simulated machines; `npm run test:more` has all of it. */
import { crashPoints } from './crash-points.contract.ts';
import { VERBS } from './scenarios.ts';
import { Site } from './site.ts';

crashPoints({ points: 60, verbs: VERBS, open: () => Site.open('crash-matrix') });
