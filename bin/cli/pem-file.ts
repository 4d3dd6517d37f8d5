import { readFile } from 'node:fs/promises';
import { Failure } from './failure.ts';

/** Text of the file that the option names. */
export function pem(option: string, file: string): Promise<string>;
export function pem(option: string, file: string | undefined): Promise<string | undefined>;
export async function pem(option: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new Failure(`${option} '${file}' cannot be read: ${cause.message}; name a PEM file`, 2);
  });
}

interface TlsFiles {
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsCaFile?: string;
}

/** What --tls-cert-file, --tls-key-file and --tls-ca-file hold; undefined where no certificate is named. */
export async function tlsOf({ tlsCertFile, tlsKeyFile, tlsCaFile }: TlsFiles) {
  if (tlsCertFile === undefined && tlsKeyFile === undefined) {
    if (tlsCaFile !== undefined)
      throw new Failure('--tls-ca-file is of no use without --tls-cert-file and --tls-key-file', 2);
    return undefined;
  }
  if (tlsCertFile === undefined || tlsKeyFile === undefined)
    throw new Failure('--tls-cert-file and --tls-key-file are given together, or neither of them', 2);
  return {
    cert: await pem('--tls-cert-file', tlsCertFile),
    key: await pem('--tls-key-file', tlsKeyFile),
    ca: await pem('--tls-ca-file', tlsCaFile),
  };
}
