// Which providers and stores this version has built in. The others are known by name, and refused with that reason.

export interface Available {
  readonly store: Readonly<Record<'sqlite' | 'redis' | 'redis-cluster', boolean>>;
  readonly push: Readonly<Record<'none' | 'simulated' | 'fcm', boolean>>;
  readonly sms: Readonly<Record<'none' | 'simulated' | 'vonage', boolean>>;
}

export const available: Available = {
  store: { sqlite: true, redis: false, 'redis-cluster': false },
  push: { none: true, simulated: true, fcm: false },
  sms: { none: true, simulated: true, vonage: false },
};
