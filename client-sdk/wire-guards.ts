/** Shape checks on what arrives by socket or push, so that a half message can never be shown or approved. */
import { isRecord } from './reply-guards.ts';
import type { ClosedEvent, PromptView, VerificationView } from './protocol.ts';

export function isPromptView(value: unknown): value is PromptView {
  if (!isRecord(value)) return false;
  const { application, matching, details, context } = value;
  return (
    hasTexts(value, ['id', 'action', 'challenge', 'createdAt', 'expiresAt']) &&
    typeof value['rev'] === 'number' &&
    isRecord(application) &&
    typeof application['name'] === 'string' &&
    isRecord(matching) &&
    typeof matching['mode'] === 'string' &&
    isRecord(context) &&
    Array.isArray(details) &&
    details.every((line) => isRecord(line) && hasTexts(line, ['label', 'value']))
  );
}

export function isVerificationView(value: unknown): value is VerificationView {
  return (
    isRecord(value) &&
    hasTexts(value, ['id', 'status', 'expiresAt']) &&
    typeof value['rev'] === 'number' &&
    isRecord(value['matching']) &&
    isRecord(value['code']) &&
    isRecord(value['resend']) &&
    Array.isArray(value['delivery'])
  );
}

export function isClosedEvent(value: unknown): value is ClosedEvent {
  return isRecord(value) && hasTexts(value, ['id', 'status']) && typeof value['rev'] === 'number';
}

function hasTexts(value: Record<string, unknown>, names: string[]): boolean {
  return names.every((name) => typeof value[name] === 'string');
}
