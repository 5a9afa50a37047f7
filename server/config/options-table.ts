// The option table as Markdown, for the README.
import type { Group, Option } from './option.ts';
import { options } from './options.ts';

/** One small table for each group, in the order of the option table. */
export function optionsTable(): string {
  const rows: readonly Option<unknown>[] = Object.values(options);
  const groups = [...new Set(rows.map((row) => row.group))];
  return groups.map((group) => groupTable(group, rows)).join('\n\n');
}

function groupTable(group: Group, rows: readonly Option<unknown>[]): string {
  const own = rows.filter((row) => row.group === group);
  return [`**${group}**`, '', '| Option | Value | Default | Meaning |', '|---|---|---|---|', ...own.map(tableRow)].join(
    '\n',
  );
}

function tableRow(row: Option<unknown>): string {
  const secret = row.secret === true ? '**Secret.** ' : '';
  const unit = row.unit === undefined ? '' : ` ${row.unit}`;
  const cells = [`\`${row.name}\``, `${row.type.shape}${unit}`, shownDefault(row), `${secret}${row.text}`];
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

function shownDefault(row: Option<unknown>): string {
  if (row.defaultText !== undefined) return row.defaultText;
  if (row.default === undefined) return '';
  return `\`${typeof row.default === 'string' ? row.default : JSON.stringify(row.default)}\``;
}
