/** The crash matrix on simulated machines. */
import { crashPoints } from './crash-points.contract.ts';
import { VERBS } from './scenarios.ts';
import { Site } from './site.ts';

crashPoints({ points: 200, verbs: VERBS, open: () => Site.open('crash-matrix') });
