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
    playDTMF: Command;
    blockDTMF: Command;
    unblockDTMF: Command;
    playMedia: Command;
    stopMedia: Command;
    blockMedia: Command;
    unblockMedia: Command;
    stopRecording: Command;
    close(): void;
    /** Requests that wait for their reply, by cookie. */
    protected readonly messages: ReadonlyMap<string, unknown>;
    /** Called with each reply that could be read. */
    protected _onParsedMessage(reply: { id: string; data: unknown }): void;
  }
}
