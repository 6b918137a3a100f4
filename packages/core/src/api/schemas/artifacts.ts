import * as z from '@conductor/core/schema';
import type * as api from '../contract/artifacts.js';
import { count, instant, text } from './scalars.js';

export type ArtifactRef = api.ArtifactRef;
export const ArtifactRef: z.ZodType<api.ArtifactRef> = z.looseObject({
  id: z.templateLiteral(['sha256:', z.string()]),
  bytes: count,
  mediaType: text,
  kind: text,
  name: text.exactOptional(),
  trackId: text.exactOptional(),
  at: instant,
});
