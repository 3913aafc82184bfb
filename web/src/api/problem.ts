/** What went wrong with a request, told by what a person can do about it. */

export interface FieldError {
  field: string;
  value: string;
  reason: { zh: string; en: string };
}

/** The kinds of failure that the client treats differently. */
export type ProblemKind =
  | 'offline'
  | 'unanswered'
  | 'signed_out'
  | 'refused'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'invalid'
  | 'unavailable'
  | 'fault';

/** An RFC 9457 problem of the server, or the lack of any answer. */
export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly status: number,
    readonly titleText: { zh: string; en: string },
    readonly detailText: { zh: string; en: string },
    readonly errors: FieldError[] = [],
    /** The record as it stands now, on a conflict. */
    readonly current: unknown = null,
    /** The server's own name for it, "wrong-password". */
    readonly code: string = '',
  ) {
    super(`${status} ${titleText.en} ${detailText.en}`.trim());
    this.name = 'Problem';
  }
}

/** What is asked of somebody who is signed in or is about to be: no session has ended. */
const REFUSALS = ['wrong-password', 'code-wanted', 'wrong-code'];

/** The kind that an HTTP status stands for, with the server's own name for the problem. */
export function kindOf(status: number, code = ''): ProblemKind {
  if (status === 401) return REFUSALS.includes(code) ? 'refused' : 'signed_out';
  if (status === 403) return 'forbidden';
  if (status === 404 || status === 410) return 'not_found';
  if (status === 409 || status === 412) return 'conflict';
  if (status === 429 || status === 502 || status === 503 || status === 504) return 'unavailable';
  if (status >= 400 && status < 500) return 'invalid';
  return 'fault';
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads a problem document; a proxy's HTML page or an empty body is a problem as well. */
export function readProblem(status: number, body: unknown): Problem {
  const doc = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const errors = (Array.isArray(doc.errors) ? doc.errors : []).flatMap((entry): FieldError[] => {
    const fault = (entry ?? {}) as Record<string, unknown>;
    const reason = (fault.reason ?? {}) as Record<string, unknown>;
    const zh = text(reason.zh) || text(fault.reason);
    if (!zh && !text(reason.en)) return [];
    return [
      {
        field: text(fault.field),
        value: text(fault.value),
        reason: { zh: zh || text(reason.en), en: text(reason.en) || zh },
      },
    ];
  });
  const pair = (name: string) => {
    const en = text(doc[name]);
    return { en, zh: text(doc[`${name}_zh`]) || en };
  };
  const code = text(doc.type).replace(/^urn:gridpin:problem:/, '');
  return new Problem(kindOf(status, code), status, pair('title'), pair('detail'), errors, doc.current ?? null, code);
}
