import { startTalker } from './talker.ts';

const port = Number(process.argv[2] ?? 8082);
const talker = await startTalker({ port, onKey: (key) => console.log(`the caller pressed ${key}`) });
console.log(`listening: ${talker.url}; Ctrl-C stops it`);
