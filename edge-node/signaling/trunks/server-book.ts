import type { Logger } from 'pino';
import {
  afterHeard,
  type Heard,
  onTrial,
  type ServerHealth,
  type Standing,
  standing,
  trialLeftOff,
  unknownServer,
} from '../../../core/server-health.ts';
import type { Clock } from '../../ports.ts';

/** One INVITE to a server, until it is known what the server made of it. The same word twice counts once. */
export interface Trying {
  heard(outcome: Heard['outcome'], pauseMs?: number): void;
  /** Nothing was learned: the caller gave up, or we did. */
  leftOff(): void;
}

/** What calls have taught this edge of each server. A server of one trunk may be ill for that trunk alone. */
export interface ServerBook {
  standing(trunk: string | undefined, server: string): Standing;
  /** An INVITE is sent now; where the server is down, it is the one that finds out whether it still is. */
  begin(trunk: string | undefined, server: string): Trying;
  answeredOptions(trunk: string, server: string, sentAt: number): void;
}

const MOST_SERVERS = 5_000;

export function keepServerBook(clock: Clock, logger: Logger): ServerBook {
  const pages = new Map<string, ServerHealth>();
  const keyOf = (trunk: string | undefined, server: string) => `${trunk ?? ''} ${server}`;
  const read = (key: string) => pages.get(key) ?? unknownServer;
  const write = (key: string, health: ServerHealth) => {
    const before = read(key).mark;
    pages.delete(key);
    const [oldest] = pages.keys();
    if (pages.size >= MOST_SERVERS && oldest !== undefined) pages.delete(oldest);
    pages.set(key, health);
    const [trunk, server] = key.split(' ');
    const { mark } = health;
    if (mark && mark.since !== before?.since) {
      const seconds = Math.ceil((mark.until - mark.since) / 1000);
      logger.warn(
        { trunk, server, why: mark.why, seconds },
        'a server is left alone by new calls for a while',
      );
    } else if (!mark && before) logger.info({ trunk, server }, 'a server takes calls again');
  };
  const note = (key: string, heard: Heard) => write(key, afterHeard(read(key), heard, clock.monotonic()));

  return {
    standing: (trunk, server) => standing(read(keyOf(trunk, server)), clock.monotonic()),
    begin(trunk, server) {
      const key = keyOf(trunk, server);
      const sentAt = clock.monotonic();
      const isTrial = standing(read(key), sentAt) === 'trial';
      if (isTrial) write(key, onTrial(read(key), sentAt));
      let last: Heard['outcome'] | undefined;
      return {
        heard(outcome, pauseMs) {
          if (outcome !== last) note(key, { outcome, sentAt, ...(pauseMs === undefined ? {} : { pauseMs }) });
          last = outcome;
        },
        leftOff() {
          if (isTrial && last === undefined) write(key, trialLeftOff(read(key)));
        },
      };
    },
    answeredOptions: (trunk, server, sentAt) =>
      note(keyOf(trunk, server), { outcome: 'answered-options', sentAt }),
  };
}
