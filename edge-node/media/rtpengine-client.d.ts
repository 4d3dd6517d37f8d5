/** The package has no types of its own: those parts that we use. */
declare module 'rtpengine-client' {
  import type { EventEmitter } from 'node:events';

  type Command = (port: number, host: string, parameters: Record<string, unknown>) => Promise<unknown>;

  export class Client extends EventEmitter {
    constructor(options: { timeout: number; localAddress: string });
    offer: Command;
    answer: Command;
    query: Command;
    delete: Command;
    ping: Command;
    close(): void;
  }
}
