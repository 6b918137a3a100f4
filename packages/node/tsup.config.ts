import { library } from '../../tsup.shared.js';

// An optional dependency is looked for where the host has installed it.
export default { ...library(import.meta.dirname, 'node'), external: ['postgres'] };
