// Every event in one table: who sends it, what it carries, how it is answered.
import type { Schema } from '../wire/parse.ts';
import { decisionRequest, prompt } from '../wire/prompts.ts';
import {
  changedVerification,
  closed,
  decided,
  handshake,
  listedPrompts,
  refused,
  refusedHandshake,
} from '../wire/socket-events.ts';
import { resendRequest, submitCodeRequest } from '../wire/verification-calls.ts';
import { verification } from '../wire/verification.ts';
import { deviceWebhook, verificationWebhook, webhookHeaders } from '../wire/webhooks.ts';

export interface MessageFacts {
  /** The event's name on the wire. */
  name: string;
  summary: string;
  /** Absent: it carries nothing. */
  payload?: Schema;
  headers?: Schema;
}

interface OperationFacts {
  /** As the hub sees it. */
  action: 'send' | 'receive';
  summary: string;
  /** Keys of the channel's messages. */
  message: string;
  reply?: string[];
}

export interface ChannelFacts {
  /** The namespace; null where it is the other side's to say. */
  address: string | null;
  title: string;
  description: string;
  messages: Record<string, MessageFacts>;
  operations: Record<string, OperationFacts>;
}

const connecting = {
  connect: { name: 'connect', summary: "Socket.IO's CONNECT packet", payload: handshake },
  connectError: { name: 'connect_error', summary: 'The handshake was refused', payload: refusedHandshake },
} satisfies Record<string, MessageFacts>;

const refusal: MessageFacts = { name: 'acknowledgement', summary: 'Refused, and why', payload: refused };

const device: ChannelFacts = {
  address: '/device',
  title: 'Device socket',
  description:
    'For an enrolled device. At once it is sent every prompt that waits for its user, then new ones as they come; a prompt may come more than once: acknowledge every copy, show it once. After each connect, ask for `prompts` and take down what is no longer listed. A device that was revoked is disconnected by the server.',
  messages: {
    ...connecting,
    prompt: { name: 'prompt', summary: 'Something to approve', payload: prompt },
    promptAcknowledgement: {
      name: 'acknowledgement',
      summary: 'The device holds the prompt. Without it, it was not delivered',
    },
    closed: { name: 'closed', summary: 'Take the prompt down', payload: closed },
    decide: { name: 'decide', summary: "The person's signed answer", payload: decisionRequest },
    decided: { name: 'acknowledgement', summary: 'How the verification stands now', payload: decided },
    prompts: { name: 'prompts', summary: 'What waits?' },
    listedPrompts: { name: 'acknowledgement', summary: 'All that waits, oldest first', payload: listedPrompts },
    refused: refusal,
  },
  operations: {
    connectDevice: {
      action: 'receive',
      summary: 'Connect with a device token',
      message: 'connect',
      reply: ['connectError'],
    },
    sendPrompt: { action: 'send', summary: 'Show a prompt', message: 'prompt', reply: ['promptAcknowledgement'] },
    sendClosed: { action: 'send', summary: 'Take a prompt down', message: 'closed' },
    decide: { action: 'receive', summary: 'Approve, deny or report', message: 'decide', reply: ['decided', 'refused'] },
    listPrompts: {
      action: 'receive',
      summary: 'List what waits',
      message: 'prompts',
      reply: ['listedPrompts', 'refused'],
    },
  },
};

const browser: ChannelFacts = {
  address: '/browser',
  title: 'Browser socket',
  description:
    'For the page that waits for one verification. It is sent the snapshot at once and after every change; within one connection, ignore a `rev` not above the last one seen.',
  messages: {
    ...connecting,
    verification: { name: 'verification', summary: 'How it stands, without evidence', payload: verification },
    code: { name: 'code', summary: 'The SMS code that was typed in the page', payload: submitCodeRequest },
    resend: { name: 'resend', summary: 'Again, or by SMS', payload: resendRequest },
    cancel: { name: 'cancel', summary: 'End it' },
    changed: { name: 'acknowledgement', summary: 'What it has become', payload: changedVerification },
    refused: refusal,
  },
  operations: {
    connectBrowser: {
      action: 'receive',
      summary: 'Connect with a waiter token',
      message: 'connect',
      reply: ['connectError'],
    },
    sendVerification: { action: 'send', summary: 'Tell how it stands', message: 'verification' },
    submitCode: { action: 'receive', summary: 'Submit the SMS code', message: 'code', reply: ['changed', 'refused'] },
    resend: { action: 'receive', summary: 'Send again', message: 'resend', reply: ['changed', 'refused'] },
    cancel: { action: 'receive', summary: 'Cancel', message: 'cancel', reply: ['changed', 'refused'] },
  },
};

const webhooks: ChannelFacts = {
  address: null,
  title: 'Webhooks',
  description:
    "HTTP POST to the application's URL (Standard Webhooks), at least once, in order for each verification. Answer with any 2xx once it is stored.",
  messages: {
    verification: {
      name: 'verification',
      summary: 'A verification ended, or something went wrong on its way',
      headers: webhookHeaders,
      payload: verificationWebhook,
    },
    device: { name: 'device', summary: 'A device came or went', headers: webhookHeaders, payload: deviceWebhook },
  },
  operations: {
    tellOfVerification: { action: 'send', summary: 'Tell of a verification', message: 'verification' },
    tellOfDevice: { action: 'send', summary: 'Tell of a device', message: 'device' },
  },
};

export const channels: Readonly<Record<string, ChannelFacts>> = { device, browser, webhooks };
