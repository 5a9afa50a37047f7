// The README's option table says what the option table says.
import { expect } from 'chai';
import { options } from '../../server/config/options.ts';
import { optionsTable } from '../../server/config/options-table.ts';

const table = optionsTable();
const lineOf = (name: string) => table.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';

describe('the options table', () => {
  it('has a row for every option, each with four cells', () => {
    for (const { name, text } of Object.values(options)) {
      expect(lineOf(name), name).to.include(text);
      expect(lineOf(name).split(/(?<!\\)\|/), name).to.have.length(6);
    }
  });

  it('has each under its group', () => {
    for (const { name, group } of Object.values(options)) {
      const before = table.slice(0, table.indexOf(`| \`${name}\` |`));
      expect(before.match(/^\*\*.*\*\*$/gm)?.at(-1), name).to.equal(`**${group}**`);
    }
  });

  it('marks secrets, and only those', () => {
    for (const row of Object.values(options)) {
      expect(lineOf(row.name).includes('**Secret.**'), row.name).to.equal('secret' in row);
    }
  });

  it('tells units and defaults', () => {
    expect(lineOf('VERIHUB_SOCKET_WAIT_MS')).to.include('| 100 to 600000 ms | `3000` |');
    expect(lineOf('VERIHUB_PUBLIC_URL')).to.include('| `http://localhost:<PORT>` |');
    expect(lineOf('VERIHUB_STORE')).to.include('| `sqlite:data/verihub.db` |');
    expect(lineOf('VERIHUB_LOG_LEVEL')).to.include('| `info` |');
    expect(table).not.to.match(/undefined|\[object/);
  });

  it('names each option once, and each begins as its kind', () => {
    const names = Object.values(options).map((row) => row.name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names.filter((name) => !name.startsWith('VERIHUB_'))).to.deep.equal(['PORT', 'HOST']);
  });

  it('names a unit in every option that has one', () => {
    for (const row of Object.values(options)) {
      const unit = 'unit' in row ? row.unit.toUpperCase() : undefined;
      if (unit !== undefined) expect(row.name).to.match(new RegExp(`_${unit}$`));
    }
  });
});
