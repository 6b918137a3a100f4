import type { Call } from './calls.js';

export interface ArtifactsApi {
  get(id: string, o?: Call): Promise<{ ref: ArtifactRef; body: ReadableStream<Uint8Array> }>;
}

export interface ArtifactRef {
  id: `sha256:${string}`;
  bytes: number;
  mediaType: string;
  kind: string;
  name?: string;
  trackId?: string;
  at: string;
}
