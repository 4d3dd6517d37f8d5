import { startEcho } from './echo.ts';

const port = Number(process.argv[2] ?? 8081);
const echo = await startEcho({ port, onKey: (key) => console.log(`the caller pressed ${key}`) });
console.log(`listening: ${echo.pcm} and ${echo.twilio}; Ctrl-C stops it`);
