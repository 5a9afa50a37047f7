// GET /metrics: for Prometheus, from this machine or with the metrics token.
import { plainText } from '../../wire/process.ts';
import { endpoint } from '../endpoint.ts';

export const getMetrics = endpoint({
  operation: 'getMetrics',
  summary: 'Metrics for Prometheus',
  caller: 'operator',
  gives: {
    status: 200,
    text: 'Prometheus text format',
    schema: plainText,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
  },

  async handle(_request, { renderMetrics }) {
    return (await renderMetrics()).body;
  },
});
