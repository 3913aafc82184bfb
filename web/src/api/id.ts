/** A new random UUID (version 4). `crypto.randomUUID` is missing where the page comes without TLS; this is not. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** What was sent and not confirmed yet. */
export interface Attempt {
  /** Its content, as text. */
  of: string;
  id: string;
  /** When it was first sent. */
  at: string;
}

/**
 * Under which identifier `content` is sent: the one that it was sent under before, so that it is stored once however
 * often it is sent; a new one when it was changed since.
 */
export function attempt(before: Attempt | null, content: unknown): Attempt {
  const of = JSON.stringify(content);
  return before?.of === of ? before : { of, id: newId(), at: new Date().toISOString() };
}
