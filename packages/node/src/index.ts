export { openProject } from './open-project.js';
export type { OpenProjectOptions, Project } from './open-project.js';
export { findRoot, isProject } from './find-root.js';
export { hideCredentials } from './hide-credentials.js';
export { configNames, loadConfig } from './load-config.js';
export { exportProject, exportProjectFile, importProject } from './project-log.js';
export type { ExportProjectOptions, ImportedProject, ImportProjectOptions, ProjectLogOptions } from './project-log.js';
export { version } from './version.js';
