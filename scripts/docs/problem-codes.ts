// The table of problem codes: what REST, sockets and the SDK can answer when something is refused.
import { problemCodes, type ProblemCode } from '../../client-sdk/protocol.ts';
import { problems } from '../../server/core/errors.ts';
import { markdownTable } from './markdown-table.ts';

export function problemCodeTable(): string {
  const codes = Object.keys(problemCodes).filter((code): code is ProblemCode => code in problemCodes);
  return markdownTable(
    ['Code', 'HTTP status', 'Meaning', 'May the same call be repeated?'],
    codes.map((code) => {
      const { status, retry } = problemCodes[code];
      return [`\`${code}\``, String(status), problems[code].title, retry ? 'yes' : 'no'];
    }),
  );
}
