// Opening an engine
export { createEngine } from './create-engine.js';
export type { CloseOptions, Engine, EngineSettings } from './create-engine.js';
export type { EnginePorts } from './ports.js';
export { localOwnerMayAll } from './authorize.js';

// Views of a state
export { runView, trackView } from './api/track-view.js';
