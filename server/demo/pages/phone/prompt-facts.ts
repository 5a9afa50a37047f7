// The lines of a prompt: what it is about and where it came from. Pure.
import type { PromptView } from '../../../../client-sdk/device.ts';

export interface Fact {
  icon: string;
  label: string;
  value: string;
}

export function factsOf({
  details,
  context,
  createdAt,
}: Pick<PromptView, 'details' | 'context' | 'createdAt'>): Fact[] {
  const asked = new Date(createdAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const place = [context.location, context.ip].filter((part) => part !== undefined).join(', ');
  return [
    ...details.map(({ label, value }) => ({ icon: 'bank', label, value })),
    ...fact('globe', 'Browser', context.userAgent),
    ...fact('pin', 'From', place === '' ? undefined : place),
    { icon: 'clock', label: 'Asked at', value: asked },
  ];
}

function fact(icon: string, label: string, value: string | undefined): Fact[] {
  return value === undefined ? [] : [{ icon, label, value }];
}
