// Starts the phone: first the radio, which has to be there before the SDK takes hold of WebSocket, then the app.
import { installRadio } from './radio.ts';

const radio = installRadio(globalThis);
const { startPhone } = await import('./phone-app.ts');
await startPhone(radio);
