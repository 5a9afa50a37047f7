// The environment → a Config, or every fault in it at once.
import type { SmsLimits, SmsPolicy } from '../core/sms-policy.ts';
import { available as builtIn, type Available } from './available.ts';
import type { Config, HttpConfig, PushConfig, SmsConfig } from './config.ts';
import { nearest } from './nearest.ts';
import { readOption, type Environment, type Option } from './option.ts';
import { options } from './options.ts';
import { applyRules } from './rules.ts';
import { readSettings, type Settings } from './settings.ts';
import { smsLimitOptions } from './sms-limit-options.ts';

export type ParsedConfig = { ok: true; config: Config; warnings: string[] } | { ok: false; faults: string[] };

/** @param available what is built in; only tests give another than the product's own */
export function parseConfig(env: Environment, available: Available = builtIn): ParsedConfig {
  const settings = readSettings(env);
  const rules = applyRules(settings, available);
  const faults = [...Object.values(options).flatMap((row) => faultOf(env, row)), ...rules.faults];
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    config: toConfig(settings),
    warnings: [...unknownNames(env), ...traces(env, settings), ...rules.warnings],
  };
}

function faultOf(env: Environment, row: Option<unknown>): string[] {
  const read = readOption(env, row);
  return read.ok ? [] : [read.fault];
}

const names = Object.values(options).map((row) => row.name);

function unknownNames(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('VERIHUB_') && !names.includes(name))
    .map((name) => {
      const meant = nearest(name, names);
      return `${name} is not an option and has no effect.${meant === undefined ? '' : ` Did you mean ${meant}?`}`;
    });
}

/** Vonage's libraries show their private key, texts and numbers to whoever traces them: see `debug` on npm for the syntax. */
function traces(env: Environment, { sms }: Settings): string[] {
  const traced = (env['DEBUG'] ?? '').split(/[\s,]+/u).filter((name) => /^(\*|vonage)/u.test(name));
  if (sms !== 'vonage' || traced.length === 0) return [];
  return [`DEBUG is ${traced.join(',')}: Vonage's libraries then log private key, codes and numbers. Remove it.`];
}

/** Only called when no option has a fault; one that is needed and not there is then a bug in the rules. */
function toConfig(settings: Settings): Config {
  const { get } = settings;
  return {
    profile: settings.production ? 'production' : 'development',
    demo: settings.demo,
    logLevel: needed(settings, options.logLevel),
    http: toHttp(settings),
    sockets: {
      pingIntervalMs: needed(settings, options.pingInterval),
      pingTimeoutMs: needed(settings, options.pingTimeout),
      connectTimeoutMs: needed(settings, options.connectTimeout),
      maxPayloadBytes: needed(settings, options.maxPayload),
    },
    store: needed(settings, options.store),
    retentionDays: needed(settings, options.retention),
    application: {
      apiKey: get(options.apiKey),
      name: settings.applicationName,
      domain: settings.applicationDomain,
      webhook: toWebhook(settings),
    },
    webhookAllowPrivate: needed(settings, options.webhookAllowPrivate),
    waits: {
      socketMs: needed(settings, options.socketWait),
      pushMs: needed(settings, options.pushWait),
      answerMs: needed(settings, options.answerWait),
    },
    push: toPush(settings),
    sms: toSms(settings),
    smsPolicy: toSmsPolicy(settings),
    drainTimeoutMs: needed(settings, options.drainTimeout),
  };
}

function toHttp(settings: Settings): HttpConfig {
  return {
    host: settings.host,
    port: settings.port,
    publicUrl: settings.publicUrl,
    allowedOrigins: needed(settings, options.allowedOrigins),
    trustedProxies: needed(settings, options.trustedProxies),
    headersTimeoutMs: needed(settings, options.headersTimeout),
    requestTimeoutMs: needed(settings, options.requestTimeout),
    keepAliveTimeoutMs: needed(settings, options.keepAliveTimeout),
    metricsToken: settings.get(options.metricsToken),
  };
}

function toWebhook({ get }: Settings): { url: string; secret: string } | undefined {
  const url = get(options.webhookUrl);
  const secret = get(options.webhookSecret);
  return url === undefined || secret === undefined ? undefined : { url, secret };
}

function toPush(settings: Settings): PushConfig {
  if (settings.push !== 'fcm') return { provider: settings.push };
  return {
    provider: 'fcm',
    projectId: needed(settings, options.fcmProjectId),
    credentials: settings.get(options.fcmCredentials),
    endpoint: settings.get(options.fcmEndpoint),
  };
}

function toSms(settings: Settings): SmsConfig {
  if (settings.sms !== 'vonage') return { provider: settings.sms };
  return {
    provider: 'vonage',
    applicationId: needed(settings, options.vonageApplicationId),
    privateKey: needed(settings, options.vonagePrivateKey),
    signatureSecret: settings.get(options.vonageSignatureSecret),
    ...needed(settings, options.vonageFrom),
    endpoint: settings.get(options.vonageEndpoint),
    countries: needed(settings, options.smsCountries),
  };
}

/** What the simulated provider sends costs nothing: there only what was set holds. */
function toSmsPolicy(settings: Settings): SmsPolicy {
  const { sms, given } = settings;
  const isFree = sms === 'simulated';
  const isBounded = !isFree || Object.values(smsLimitOptions).some(given);
  return {
    countries: isFree && !given(options.smsCountries) ? 'any' : needed(settings, options.smsCountries),
    limits: isBounded ? toSmsLimits(settings) : undefined,
  };
}

function toSmsLimits(settings: Settings): SmsLimits {
  return {
    perNumber: needed(settings, options.smsPerNumber),
    perPrefix: needed(settings, options.smsPerPrefix),
    perCountry: needed(settings, options.smsPerCountry),
    perApplication: needed(settings, options.smsPerApplication),
    perDay: needed(settings, options.smsDailyBudget),
    minConversionPercent: needed(settings, options.smsMinConversion),
  };
}

function needed<T>(settings: Settings, row: Option<T>): T {
  const value = settings.get(row);
  if (value === undefined) throw new TypeError(`${row.name} is needed here and no rule asked for it`);
  return value;
}
