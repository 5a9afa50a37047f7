// Whatever the alert rules and the dashboard ask for, the hub shows: metric by metric, label by label, value by value.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMetrics, metricsTable } from '../../server/telemetry/metrics.ts';
import { dashboardExpressions, readDashboard, ruleExpressions } from './expressions.ts';

interface Row {
  type: string;
  labels: Readonly<Record<string, readonly string[]>>;
}

/** Prometheus adds these itself. */
const added = ['instance', 'job', 'le'];

const series = new Map<string, Row>();
for (const [name, row] of Object.entries<Row>(metricsTable)) {
  const suffixes = row.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  for (const suffix of suffixes) series.set(name + suffix, row);
}

/** What is wrong with the series that an expression selects; nothing is. */
function faultsOf(expr: string): string[] {
  return [...expr.matchAll(/\b(verihub_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, name = '', selector = '']) => {
    const row = series.get(name);
    return row === undefined ? [`${name} is not shown`] : selectorFaults(name, row, selector);
  });
}

function selectorFaults(name: string, { labels }: Row, selector: string): string[] {
  return [...selector.matchAll(/(\w+)\s*(?:=~|!=|!~|=)\s*"([^"]*)"/g)].flatMap(([, label = '', values = '']) => {
    if (added.includes(label)) return [];
    const known = labels[label];
    if (known === undefined) return [`${name} has no label ${label}`];
    const strangers = values.split('|').filter((value) => known.length > 0 && !known.includes(value));
    return strangers.map((value) => `${label} of ${name} is never ${value}`);
  });
}

/** Labels that sums are grouped by must be on one of the metrics in the expression. */
function groupingFaults(expr: string): string[] {
  const metrics = [...expr.matchAll(/\b(verihub_\w+)/g)].map(([, name = '']) => series.get(name));
  const known = new Set([...added, ...metrics.flatMap((row) => Object.keys(row?.labels ?? {}))]);
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));
  return grouped.filter((label) => !known.has(label)).map((label) => `grouped by ${label}, which nothing has`);
}

describe('the metrics that are asked for', () => {
  const sources: [what: string, expressions: string[]][] = [
    ['by the alert rules', ruleExpressions()],
    ['by the dashboard', dashboardExpressions()],
  ];
  for (const [what, expressions] of sources) {
    it(`${what} are shown by the hub, with those labels and values`, () => {
      expect(expressions).to.have.length.above(10);
      expect(expressions.flatMap((expr) => [...faultsOf(expr), ...groupingFaults(expr)])).to.deep.equal([]);
    });
  }

  it('by the tests of the rules are too', () => {
    const file = join(import.meta.dirname, '../../deploy/prometheus/verihub-alerts.test.yml');
    expect(faultsOf(readFileSync(file, 'utf8'))).to.deep.equal([]);
  });

  it('and are not of the hub come with its process', async () => {
    const { body } = await createMetrics().render();
    const others = dashboardExpressions().flatMap((expr) => expr.match(/\b(?:process|nodejs)_\w+/g) ?? []);
    expect(others).to.have.length.above(1);
    for (const name of others) expect(body).to.include(`# TYPE ${name} `);
  });

  it('are all there: what the hub measures, the dashboard shows', () => {
    const text = dashboardExpressions().join('\n');
    const unseen = Object.keys(metricsTable).filter((name) => !text.includes(name));
    expect(unseen).to.deep.equal([]);
  });

  it('would be missed: this check finds names, labels, values and groups that are not there', () => {
    const row = 'verihub_delivery_attempts_total';
    expect(faultsOf('rate(verihub_typo_total[5m])')).to.have.length(1);
    expect(faultsOf(`${row}{chanel="sms"}`)).to.have.length(1);
    expect(faultsOf(`${row}{channel=~"sms|pidgin"}`)).to.have.length(1);
    expect(groupingFaults(`sum by (flavour) (${row})`)).to.have.length(1);
  });
});

describe('the dashboard', () => {
  const { uid, panels, templating } = readDashboard();

  it('has an address, and variables for where the data is and for the node', () => {
    expect(uid).to.equal('verihub');
    expect(templating.list.map(({ name }) => name)).to.deep.equal(['datasource', 'instance']);
  });

  it('has panels with a title, an id and queries of their own', () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const { title, type, targets = [] } of panels) {
      expect(title).to.match(/^[A-Z]/);
      const refs = targets.map(({ refId }) => refId);
      expect(new Set(refs).size, title).to.equal(refs.length);
      expect(refs.length > 0, title).to.equal(type !== 'row');
    }
  });

  it('has panels that lie side by side, in 24 columns, and nowhere on each other', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x},${y}`), title).to.equal(undefined);
          taken.set(`${x},${y}`, title);
        }
      }
    }
  });
});
