// A foreign Socket.IO client (Python's), written from the contract alone, goes the whole way.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pythonPath } from '../../scripts/test-tools.ts';
import { startTestHub } from '../support/hub.ts';

const script = fileURLToPath(new URL('phone.py', import.meta.url));

interface Said {
  event: string;
  [field: string]: unknown;
}

/** Runs the phone; `next` waits for the next thing of this kind that it says, in whatever order the kinds come. */
function startPhone(origin: string, enrollmentToken: string, transport: string) {
  const child = spawn(pythonPath, [script, origin, enrollmentToken, transport], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const unread: Said[] = [];
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    tell: (line: string) => child.stdin.write(`${line}\n`),
    async next(event: string): Promise<Said> {
      const earlier = unread.findIndex((said) => said.event === event);
      if (earlier >= 0) return unread.splice(earlier, 1)[0] as Said;
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
        const said: Said = JSON.parse(line.value);
        if (said.event === event) return said;
        unread.push(said);
      }
      throw new Error(`the phone ended without saying "${event}"`);
    },
    async quit(): Promise<number | null> {
      child.stdin.end('quit\n');
      return exited;
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

describe('a foreign client, in Python', function () {
  this.timeout(30_000);

  for (const transport of ['websocket', 'polling']) {
    it(`enrols, acknowledges, is told of a wrong number, and approves (${transport})`, async () => {
      await using hub = await startTestHub();
      const enrollment = await hub.call('POST', '/v1/users/alice/enrollments', { body: {} });
      using phone = startPhone(hub.origin, String(enrollment.body['enrollmentToken']), transport);
      expect(await phone.next('enrolled')).to.include({ userId: 'alice' });
      expect(await phone.next('connected')).to.include({ transport });

      const created = await hub.call('POST', '/v1/verifications', { body: { userId: 'alice', action: 'Sign in' } });
      const { id, matching } = created.body['verification'] as { id: string; matching: { number: string } };
      const { prompt } = await phone.next('prompt');
      expect(prompt).to.include({ id, action: 'Sign in' }).and.not.have.nested.property('matching.number');

      const wrong = matching.number === '11' ? '12' : '11';
      phone.tell(`approve ${wrong}`);
      expect((await phone.next('decided'))['reply']).to.have.nested.include({
        ok: false,
        'problem.code': 'number-incorrect',
        'problem.attemptsLeft': 2,
      });
      phone.tell(`approve ${matching.number}`);
      expect((await phone.next('decided'))['reply']).to.include({ ok: true, status: 'approved' });
      expect((await phone.next('closed'))['closed']).to.include({ id, status: 'approved' });
      phone.tell('prompts');
      expect((await phone.next('prompts'))['reply']).to.deep.include({ ok: true, prompts: [] });

      const after = await hub.call('GET', `/v1/verifications/${id}`);
      expect(after.body).to.have.nested.include({
        'verification.status': 'approved',
        'verification.delivery[0].status': 'acknowledged',
      });
      expect(await phone.quit()).to.equal(0);
    });
  }
});
