// Opens a fixture before each test and ends it after.
import type { Store } from '../../../server/ports/store.ts';
import type { OpenFixture, StoreFixture } from './fixture.ts';

export interface Given {
  readonly store: Store;
  readonly advance: StoreFixture['advance'];
  readonly again: StoreFixture['again'];
}

/** To be called inside a `describe`; what it answers may be used inside its tests only. */
export function givenStore(open: OpenFixture): Given {
  let fixture: StoreFixture | undefined;
  const current = (): StoreFixture => {
    if (fixture === undefined) throw new Error('the store is used outside a test');
    return fixture;
  };
  beforeEach(async () => {
    fixture = await open();
  });
  afterEach(async () => {
    const ending = fixture;
    fixture = undefined;
    await ending?.end();
  });
  return {
    get store() {
      return current().store;
    },
    advance: (ms) => current().advance(ms),
    again: () => current().again(),
  };
}
