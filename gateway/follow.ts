import type { ServerResponse } from 'node:http';
import type { Happenings } from './happenings.ts';

/** An edge that hears nothing for three times as long takes the stream for broken, ms. */
const ALIVE_MS = 10_000;

const ALIVE = `${JSON.stringify({ type: 'alive' })}\n`;

/** One JSON a line, from after a number on, until the session ends; a sign of life where nothing happens. */
export function follow(response: ServerResponse, happenings: Happenings, after: number): void {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
  response.flushHeaders();
  const alive = setInterval(() => void response.write(ALIVE), ALIVE_MS);
  const stop = happenings.follow(after, (event) => {
    response.write(`${JSON.stringify(event)}\n`);
    if (event.type === 'ended') response.end();
  });
  response.once('close', () => {
    clearInterval(alive);
    stop();
  });
}
