/** The package has no types of its own: those parts that we use. */
declare module 'rtpengine-client' {
  import type { EventEmitter } from 'node:events';

  export interface RtpengineStream {
    'local port'?: number;
    SSRC?: number;
    'last packet'?: number;
    stats?: { packets?: number; bytes?: number; errors?: number };
  }
  export interface RtpengineMedia {
    codec?: string;
    streams?: RtpengineStream[];
  }
  export interface RtpengineSsrc {
    'average MOS'?: { MOS?: number; jitter?: number; 'packet loss'?: number; samples?: number };
  }
  export interface RtpengineReply {
    result: string;
    'error-reason'?: string;
    warning?: string;
    sdp?: string;
    created?: number;
    tags?: Record<string, { medias?: RtpengineMedia[] }>;
    SSRC?: Record<string, RtpengineSsrc>;
  }
  type Command = (port: number, host: string, parameters: Record<string, unknown>) => Promise<RtpengineReply>;

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
