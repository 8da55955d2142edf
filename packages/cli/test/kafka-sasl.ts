import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** The broker's side of one SASL exchange: the next message to the client, or undefined when it is refused. */
export type SaslServer = (message: Buffer) => { answer: Buffer; done: boolean } | undefined;

export type Users = Readonly<Record<string, string>>;

const ITERATIONS = 4096;

export function saslServer(mechanism: string, users: Users): SaslServer {
  return mechanism === 'PLAIN'
    ? plain(users)
    : scram(mechanism === 'SCRAM-SHA-512' ? 'sha512' : 'sha256', users);
}

/** RFC 4616. */
function plain(users: Users): SaslServer {
  return (message) => {
    const [, user, password] = message.toString().split('\0');
    return users[user] === password ? { answer: Buffer.alloc(0), done: true } : undefined;
  };
}

/** RFC 5802. */
function scram(hash: 'sha256' | 'sha512', users: Users): SaslServer {
  const salt = randomBytes(16);
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  let bare = '';
  let first = '';
  return (message) => {
    const text = message.toString();
    if (first === '') {
      bare = text.slice('n,,'.length);
      const nonce = `${fieldsOf(bare).r}${randomBytes(12).toString('hex')}`;
      first = `r=${nonce},s=${salt.toString('base64')},i=${ITERATIONS}`;
      return { answer: Buffer.from(first), done: false };
    }
    const password = users[fieldsOf(bare).n] ?? randomBytes(16).toString('hex');
    const salted = pbkdf2Sync(password, salt, ITERATIONS, hash === 'sha512' ? 64 : 32, hash);
    const stored = createHash(hash).update(hmac(salted, 'Client Key')).digest();
    const exchange = `${bare},${first},${text.slice(0, text.lastIndexOf(',p='))}`;
    const signature = hmac(stored, exchange);
    const proof = Buffer.from(fieldsOf(text).p, 'base64');
    const key = Buffer.from(proof.map((byte, i) => byte ^ signature[i]));
    if (!createHash(hash).update(key).digest().equals(stored)) return undefined;
    const verifier = hmac(hmac(salted, 'Server Key'), exchange).toString('base64');
    return { answer: Buffer.from(`v=${verifier}`), done: true };
  };
}

function fieldsOf(message: string): Record<string, string> {
  return Object.fromEntries(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}
