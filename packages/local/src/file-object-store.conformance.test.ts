import { objectStoreSuite } from '../../core/test/object-store-suite.ts';
import { temporaryStore } from '../test/adapters.ts';

objectStoreSuite('FileObjectStore', {
  async open() {
    const { store, remove } = await temporaryStore();
    return { store, close: remove };
  },
  // A file cannot have a part of this name, or lie in the store's own directories.
  capabilities: { impossibleKeys: ['a/../b', './a', 'a//b', 'a/', '.tmp/a', '.meta/a', 'x'.repeat(256)] },
});
