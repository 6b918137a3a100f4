import { messageBusSuite } from '@conductor/bus/conformance';
import { mapBus } from './map-bus.js';

messageBusSuite('a Map', async () => mapBus());
