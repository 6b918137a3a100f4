import { artifactsSuite } from '@conductor/store/conformance';
import { mapArtifacts } from './map-artifacts.js';

artifactsSuite('a Map', async ({ clock }) => ({ artifacts: mapArtifacts(clock), close: async () => {} }));
