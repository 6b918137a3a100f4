// The published folder `.message-bus` of each track, reached through a Workspace.
export { fileBus } from './file/file-bus.js';
export type { FileBusOptions } from './file/file-bus.js';
export { monitor } from './file/monitor.js';
export type { BoardLine, BusReport, LockLine } from './file/monitor.js';
