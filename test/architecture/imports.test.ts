// Who may import whom: the table in rooms.ts holds, and nothing goes round in circles.
import { expect } from 'chai';
import { forbiddenImports, importCircles } from './import-rules.ts';
import { readSources, sourceFile } from './source-files.ts';

const sources = readSources();
const judge = (path: string, text: string) => forbiddenImports([sourceFile(path, text)]);

describe('imports', () => {
  it('stay within what rooms.ts allows', () => {
    expect(forbiddenImports(sources), 'imports the table does not allow').to.deep.equal([]);
  });

  it('never go in circles, type imports included', () => {
    expect(importCircles(sources), 'circles; move what both need into a file of its own').to.deep.equal([]);
  });
});

describe('the import rules themselves', () => {
  const refused: [path: string, text: string, because: string][] = [
    ['server/core/a.ts', "import { x } from '../ports/store.ts';", 'may import nothing'],
    ['server/core/a.ts', "import { createHash } from 'node:crypto';", 'may use no package'],
    ['server/core/a.ts', "import { randomBytes } from 'crypto';", "write 'node:crypto'"],
    ['server/ports/a.ts', "import type { X } from '../app/x.ts';", 'not server/app/'],
    ['server/app/a.ts', "import {\n  type X,\n  y,\n} from '../http/x.ts';", 'not server/http/'],
    ['server/app/a.ts', "export type { X } from '../store/x.ts';", 'not server/store/'],
    ['server/store/sqlite/a.ts', "import { x } from '../../channels/x.ts';", 'not server/channels/'],
    ['server/http/a.ts', "type X = import('../realtime/x.ts').X;", 'not server/realtime/'],
    ['server/http/a.ts', "import * as sdk from '../../client-sdk/device.ts';", 'not client-sdk/'],
    ['server/http/a.ts', "const x = await import('socket.io');", "not 'socket.io'"],
    ['server/http/a.ts', 'const x = await import(name);', 'something computed'],
    ['server/hub.ts', "import '../test/setup.ts';", 'only tests import tests'],
    ['server/demo/a.ts', "import { x } from '../../client-sdk/socket-link.ts';", 'not client-sdk/'],
    ['client-sdk/a.ts', "import { x } from './device.ts';", 'not client-sdk/device.ts'],
    ['client-sdk/a.ts', "export * from '../server/core/x.ts';", 'not server/core/'],
    ['client-sdk/protocol.ts', "import type { X } from './device.ts';", 'may import nothing'],
    ['server/elsewhere/a.ts', '', 'belongs to no room'],
  ];
  for (const [path, text, because] of refused) {
    it(`refuse ${JSON.stringify(text)} in ${path}`, () => {
      expect(judge(path, text)).to.have.length(1);
      expect(judge(path, text)[0]).to.include(because);
    });
  }

  it('let the table through, and do not mistake text for imports', () => {
    expect(
      judge('server/app/a.ts', "import type { X } from '../core/x.ts';\nimport { y } from './y.ts';"),
    ).to.deep.equal([]);
    expect(judge('server/http/a.ts', "import Koa from 'koa';\nimport http from 'node:http';")).to.deep.equal([]);
    expect(judge('server/core/a.ts', "// import x from '../app/x.ts'\nconst s = `import('node:fs')`;")).to.deep.equal(
      [],
    );
    expect(judge('server/core/a.ts', "const s = 'a' + \"import x from 'koa'\";")).to.deep.equal([]);
  });

  it('find a circle through type imports', () => {
    const circle = importCircles([
      sourceFile('server/core/a.ts', "import type { B } from './b.ts';"),
      sourceFile('server/core/b.ts', "import { c } from './c.ts';"),
      sourceFile('server/core/c.ts', "export { a } from './a.ts';"),
    ]);
    expect(circle).to.deep.equal(['server/core/a.ts → server/core/b.ts → server/core/c.ts → server/core/a.ts']);
  });
});
