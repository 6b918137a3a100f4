import { storeSuite } from '../conformance/store.suite.js';
import { memoryStore } from './store.js';

storeSuite('memory', async ({ clock }) => {
  const store = memoryStore({ clock });
  return { store, close: () => store.close() };
});
