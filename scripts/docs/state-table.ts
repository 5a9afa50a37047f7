// The state table: what each command does in each state, from the table that the code itself runs on.
import { createCell, table } from '../../server/core/transitions.ts';
import { markdownTable } from './markdown-table.ts';

interface Wording {
  text: string;
  to: readonly string[];
}

interface Column {
  states: string[];
  /** Command → what it does. */
  cells: Map<string, string>;
}

/** States in which every command does the same share a column. */
export function stateTable(): string {
  const columns: Column[] = [];
  for (const [state, row] of Object.entries(table)) {
    const cells = new Map(Object.entries<Wording>(row).map(([command, cell]) => [command, wording(cell)]));
    const twin = columns.find((column) => [...cells].every(([command, text]) => column.cells.get(command) === text));
    if (twin === undefined) columns.push({ states: [state], cells });
    else twin.states.push(state);
  }
  const head = ['', '(none yet)', ...columns.map(({ states }) => states.map(code).join(', '))];
  const create = [code('create'), wording(createCell), ...columns.map(() => '')];
  const commands = [...(columns[0]?.cells.keys() ?? [])];
  const others = commands.map((command) => [
    code(command),
    '',
    ...columns.map(({ cells }) => cells.get(command) ?? ''),
  ]);
  return markdownTable(head, [create, ...others]);
}

function wording({ text, to }: Wording): string {
  return to.length === 0 ? text : `${text} → ${to.map((status) => `**${status}**`).join(', ')}`;
}

function code(word: string): string {
  return `\`${word}\``;
}
