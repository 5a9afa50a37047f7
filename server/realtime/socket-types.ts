// Socket.IO's types as this hub uses them: nothing that comes off the wire has a type before it was checked.
import type { Namespace, Server, Socket } from 'socket.io';

type Events = Record<string, (...args: unknown[]) => void>;

export type HubServer = Server<Events, Events, Events, unknown>;
export type HubNamespace = Namespace<Events, Events, Events, unknown>;
export type HubSocket = Socket<Events, Events, Events, unknown>;
/** The Engine.IO connection underneath, which all namespaces of one client share. */
export type Connection = HubSocket['conn'];
