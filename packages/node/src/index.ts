export { openProject } from './open-project.js';
export type { OpenProjectOptions, Project } from './open-project.js';
export { findRoot, isProject } from './find-root.js';
export { hideCredentials } from './hide-credentials.js';
export { configNames, loadConfig } from './load-config.js';
export { version } from './version.js';
