// What options must be to each other, as a list of rules. Each finding is a whole sentence that says what to do.
import { inMemory, isLoopback } from './address-kinds.ts';
import type { Available } from './available.ts';
import { options } from './options.ts';
import type { Settings } from './settings.ts';

interface Rule {
  readonly level: 'fault' | 'warning';
  readonly says: string;
  broken(this: void, settings: Settings, available: Available): boolean;
}

/** A rule is only asked about options that could be read: those that could not have a fault already. */
const rules: readonly Rule[] = [
  {
    level: 'fault',
    says: 'VERIHUB_DEMO is true in production: the demo lets anybody sign in. Remove it, or set VERIHUB_PROFILE=development.',
    broken: ({ production, demo }) => production && demo,
  },
  {
    level: 'fault',
    says: 'VERIHUB_PUBLIC_URL must be set in production: the https origin at which clients reach the hub.',
    broken: ({ production, given }) => production && !given(options.publicUrl),
  },
  {
    level: 'fault',
    says: 'VERIHUB_PUBLIC_URL must begin with https:// in production: tokens and codes travel under it.',
    broken: ({ production, get }) => production && get(options.publicUrl)?.startsWith('http:') === true,
  },
  {
    level: 'fault',
    says: 'VERIHUB_PUSH is simulated in production, where it would reach nobody: set it to none or a provider.',
    broken: ({ production, push }) => production && push === 'simulated',
  },
  {
    level: 'fault',
    says: 'VERIHUB_SMS is simulated in production, where it would reach nobody: set it to none or a provider.',
    broken: ({ production, sms }) => production && sms === 'simulated',
  },
  {
    level: 'fault',
    says: 'VERIHUB_STORE is in memory in production, where a restart would forget every device: name a file.',
    broken: ({ production, get }) => {
      const store = get(options.store);
      return production && store?.kind === 'sqlite' && store.file === inMemory;
    },
  },
  {
    level: 'fault',
    says: 'VERIHUB_STORE names Redis, whose store is not built into this version: set VERIHUB_STORE=sqlite:<file>.',
    broken: ({ get }, available) => {
      const kind = get(options.store)?.kind;
      return kind !== undefined && kind !== 'sqlite' && !available.store[kind];
    },
  },
  {
    level: 'fault',
    says: 'VERIHUB_PUSH is fcm, whose channel is not built into this version: set it to none or simulated.',
    broken: ({ push }, available) => push === 'fcm' && !available.push.fcm,
  },
  {
    level: 'fault',
    says: 'VERIHUB_SMS is vonage, whose channel is not built into this version: set it to none or simulated.',
    broken: ({ sms }, available) => sms === 'vonage' && !available.sms.vonage,
  },
  {
    level: 'fault',
    says: 'VERIHUB_FCM_PROJECT_ID must be set for VERIHUB_PUSH=fcm.',
    broken: ({ push, given }, available) => push === 'fcm' && available.push.fcm && !given(options.fcmProjectId),
  },
  ...(['vonageApplicationId', 'vonagePrivateKey', 'vonageFrom', 'smsCountries'] as const).map((key): Rule => ({
    level: 'fault',
    says: `${options[key].name} must be set for VERIHUB_SMS=vonage.`,
    broken: ({ sms, given }, available) => sms === 'vonage' && available.sms.vonage && !given(options[key]),
  })),
  {
    level: 'fault',
    says: 'VERIHUB_SMS_COUNTRIES names no country, so that no SMS would be sent: name some, or set VERIHUB_SMS=none.',
    broken: ({ sms, get, given }) =>
      sms !== 'none' && given(options.smsCountries) && get(options.smsCountries)?.length === 0,
  },
  {
    level: 'fault',
    says: 'VERIHUB_WEBHOOK_URL needs VERIHUB_WEBHOOK_SECRET (whsec_…) to sign with.',
    broken: ({ given }) => given(options.webhookUrl) && !given(options.webhookSecret),
  },
  {
    level: 'fault',
    says: 'VERIHUB_WEBHOOK_SECRET has no VERIHUB_WEBHOOK_URL to go to: set both or none.',
    broken: ({ given }) => given(options.webhookSecret) && !given(options.webhookUrl),
  },
  {
    level: 'fault',
    says: 'VERIHUB_WEBHOOK_URL must begin with https://, unless VERIHUB_WEBHOOK_ALLOW_PRIVATE=true.',
    broken: ({ get }) => get(options.webhookAllowPrivate) === false && isPlain(get(options.webhookUrl)),
  },
  {
    level: 'fault',
    says: 'VERIHUB_REQUEST_TIMEOUT_MS must not be below VERIHUB_HEADERS_TIMEOUT_MS: headers are part of the request.',
    broken: ({ get }) => (get(options.requestTimeout) ?? Infinity) < (get(options.headersTimeout) ?? 0),
  },

  {
    level: 'warning',
    says: 'VERIHUB_VONAGE_SIGNATURE_SECRET is not set: receipts are refused, so nobody learns whether an SMS arrived.',
    broken: ({ sms, given }) => sms === 'vonage' && !given(options.vonageSignatureSecret),
  },
  {
    level: 'warning',
    says: 'VERIHUB_WEBHOOK_URL has no effect: the first application has no VERIHUB_API_KEY.',
    broken: ({ given, demo }) => given(options.webhookUrl) && !given(options.apiKey) && !demo,
  },
  {
    level: 'warning',
    says: 'VERIHUB_WEBHOOK_ALLOW_PRIVATE is true in production: whoever sets a webhook can reach into your network.',
    broken: ({ production, get }) => production && get(options.webhookAllowPrivate) === true,
  },
  {
    level: 'warning',
    says: 'VERIHUB_PUBLIC_URL is neither https nor this machine: browsers keep no device keys there.',
    broken: ({ production, publicUrl }) =>
      !production && publicUrl !== undefined && isPlain(publicUrl) && !isLoopback(new URL(publicUrl).hostname),
  },
  {
    level: 'warning',
    says: 'VERIHUB_ALLOWED_ORIGINS lists a plain http origin: whoever is on its network can change that page.',
    broken: ({ production, get }) => production && (get(options.allowedOrigins) ?? []).some(isPlain),
  },
  {
    level: 'warning',
    says: 'The demo is open to everybody who can reach HOST: set HOST=127.0.0.1, or VERIHUB_DEMO=false.',
    broken: ({ demo, production, host }) => demo && !production && !isLoopback(host),
  },
];

export interface Findings {
  faults: string[];
  warnings: string[];
}

export function applyRules(settings: Settings, available: Available): Findings {
  const broken = rules.filter((rule) => rule.broken(settings, available));
  const says = (level: Rule['level']) => broken.filter((rule) => rule.level === level).map((rule) => rule.says);
  return { faults: says('fault'), warnings: says('warning') };
}

function isPlain(url: string | undefined): boolean {
  return url?.startsWith('http:') === true;
}
