// Which of the providers and stores that options may name this version has built in. The others are refused with that reason.

export interface Available {
  readonly store: Readonly<Record<'redis' | 'redis-cluster', boolean>>;
  readonly push: Readonly<Record<'fcm', boolean>>;
  readonly sms: Readonly<Record<'vonage', boolean>>;
}

export const available: Available = {
  store: { redis: false, 'redis-cluster': false },
  push: { fcm: true },
  sms: { vonage: true },
};
