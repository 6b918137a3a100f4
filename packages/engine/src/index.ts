// Opening an engine
export { createEngine } from './create-engine.js';
export type { CloseOptions, Engine, EngineSettings } from './create-engine.js';
export type { EnginePorts } from './ports.js';
export type { FolderName, TrackFolders } from './import/track-folders.js';
export { localOwnerMayAll } from './authorize.js';

// Advice and repairs, without a run
export type { Advice, AdviceQuestion, Advisor } from './api/advice-api.js';
export type { Repair } from './api/repair.js';

// Views of a state
export { runView, trackView } from './api/track-view.js';
