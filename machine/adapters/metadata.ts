import type { Metadata } from '../ports.ts';

/** s that a token is good for; a new one is asked for each question, so that none grows old. */
const TOKEN_SECONDS = '60';
const ANSWER_MS = 2_000;

/** The instance metadata service, version 2 (Amazon EC2 User Guide, "Use the Instance Metadata Service"). */
export function instanceMetadata(endpoint = 'http://169.254.169.254'): Metadata {
  const ask = async (path: string): Promise<string | undefined> => {
    const token = await fetch(`${endpoint}/latest/api/token`, {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_SECONDS },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const response = await fetch(`${endpoint}/latest/meta-data/${path}`, {
      headers: { 'x-aws-ec2-metadata-token': await token.text() },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`the metadata service answers ${response.status} to ${path}`);
    return text.trim();
  };
  const must = async (path: string): Promise<string> => {
    const text = await ask(path);
    if (text === undefined) throw new Error(`the metadata service does not know ${path}`);
    return text;
  };
  return {
    async instance() {
      return { id: await must('instance-id'), zone: await must('placement/availability-zone') };
    },
    async interfaces() {
      const macs = (await must('network/interfaces/macs/')).split('\n').map((mac) => mac.replace('/', ''));
      return Promise.all(macs.map((mac) => must(`network/interfaces/macs/${mac}/interface-id`)));
    },
    targetState: () => ask('autoscaling/target-lifecycle-state'),
  };
}
