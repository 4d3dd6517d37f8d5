import { startEcho } from './echo.ts';

const port = Number(process.argv[2] ?? 8081);
const onKey = (key: string) => console.log(`the caller pressed ${key}`);
const echo = await startEcho({ port, onKey, hmac: process.env['AGENT_HMAC'] });
console.log(`listening: ${echo.pcm} and ${echo.twilio}; Ctrl-C stops it`);
