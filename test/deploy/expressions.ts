// The PromQL of the alert rules and of the dashboard.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../deploy');

export interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string }[];
}

export interface Dashboard {
  uid: string;
  title: string;
  panels: Panel[];
  templating: { list: { name: string; query: string }[] };
  annotations: { list: { expr: string }[] };
}

export function readDashboard(): Dashboard {
  const dashboard: Dashboard = JSON.parse(readFileSync(join(folder, 'grafana/verihub-dashboard.json'), 'utf8'));
  return dashboard;
}

/** With Grafana's own variables filled in. */
export function dashboardExpressions(): string[] {
  const { panels, annotations } = readDashboard();
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return [...queries, ...annotations.list.map(({ expr }) => expr)].map((expr) =>
    expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.+'),
  );
}

export function ruleExpressions(): string[] {
  const { groups }: { groups: { rules: { expr: string }[] }[] } = parse(
    readFileSync(join(folder, 'prometheus/verihub-alerts.yml'), 'utf8'),
  );
  return groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
}
