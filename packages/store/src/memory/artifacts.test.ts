import { artifactsSuite } from '../conformance/artifacts.suite.js';
import { memoryArtifacts } from './artifacts.js';

artifactsSuite('memory', async ({ clock }) => ({ artifacts: memoryArtifacts({ clock }), async close() {} }));
