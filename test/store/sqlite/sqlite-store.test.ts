// The store suite on the embedded store, in a file and in memory.
import { createSqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../server/ports/store.ts';
import { describeStore } from '../../contract/store-suite.ts';
import type { OpenFixture } from '../../contract/store/fixture.ts';
import { createFakeClock } from '../../support/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** One process may have the file open once: another store comes after the first. */
const inFile: OpenFixture = async () => {
  const folder = temporaryFolder();
  const clock = createFakeClock();
  const file = `${folder.path}/hub.db`;
  let open: Store = createSqliteStore({ file, clock });
  return {
    store: open,
    advance: (ms) => clock.advance(ms),
    again: async () => {
      await open.close();
      open = createSqliteStore({ file, clock });
      return open;
    },
    end: async () => {
      await open.close();
      folder.remove();
    },
  };
};

describeStore('SQLite', inFile);
