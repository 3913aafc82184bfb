import { link } from './link.svelte';
import { Problem, readProblem } from './problem';
import type { StyleSpecification } from 'maplibre-gl';
import type * as T from './types';

type Query = Record<string, string | number | null | undefined | string[]>;

/** Called when the server says that nobody is signed in; set by the session. */
export const onSignedOut = { call: (): void => {} };

function address(path: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value == null || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** After this time an answer is waited for no longer, and after this the strip says that it takes long. */
const PATIENCE_MS = 30_000;
const SLOW_MS = 4000;
/** A batch may hold a hundred thousand pins. */
const BATCH_PATIENCE_MS = 300_000;
const VOID = { zh: '', en: '' };

/** One request. Throws a [`Problem`], whatever went wrong, unless it was aborted. */
async function call<R>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<R> {
  let answer: Response;
  const patience = AbortSignal.timeout(patienceMs);
  const done = link.waits(SLOW_MS);
  try {
    answer = await fetch(path, {
      method,
      headers:
        body === undefined
          ? { accept: 'application/json' }
          : { accept: 'application/json', 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    // What was under way when the line broke may have arrived all the same; without a line it was never sent.
    const sent = method !== 'GET' && navigator.onLine;
    link.lost();
    throw new Problem(sent ? 'unanswered' : 'offline', 0, VOID, VOID);
  } finally {
    done();
  }
  link.alive();
  link.stale = answer.headers.has('gridpin-stale');
  if (answer.ok) {
    if (answer.headers.get('content-type')?.startsWith('text/plain')) return (await answer.text()) as R;
    return (answer.status === 204 ? undefined : await answer.json().catch(() => undefined)) as R;
  }
  const problem = readProblem(answer.status, await answer.json().catch(() => null));
  if (problem.kind === 'signed_out' && path !== '/api/session') onSignedOut.call();
  throw problem;
}

const get = <R>(path: string, query?: Query, signal?: AbortSignal) =>
  call<R>('GET', address(path, query), undefined, signal);
const id = encodeURIComponent;

/** Every call that the client makes. */
export const api = {
  config: () => get<T.Config>('/api/config'),
  style: (role: T.Role) => get<StyleSpecification>(`/style/${role}.json`),
  me: () => get<T.Me>('/api/me'),
  signIn: (name: string, password: string, code: string | null) =>
    call<void>('POST', '/api/session', { name, password, code }),
  signOut: () => call<void>('DELETE', '/api/session'),

  sessions: () => get<T.OpenSession[]>('/api/sessions'),
  endSession: (session: string) => call<void>('DELETE', `/api/sessions/${id(session)}`),
  changePassword: (current: string, next: string) => call<void>('PUT', '/api/me/password', { current, new: next }),
  totp: () => get<T.SecondFactor>('/api/me/totp'),
  beginTotp: (password: string) => call<T.Enrolment>('POST', '/api/me/totp', { password }),
  confirmTotp: (code: string) => call<void>('PUT', '/api/me/totp', { code }),
  removeTotp: (password: string) => call<void>('DELETE', '/api/me/totp', { password }),
  tokens: () => get<T.ApiToken[]>('/api/tokens'),
  makeToken: (body: T.NewToken) => call<T.MadeToken>('POST', '/api/tokens', body),
  revokeToken: (token: string) => call<void>('DELETE', `/api/tokens/${id(token)}`),
  audit: (query: Query, signal?: AbortSignal) => get<T.Page<T.AuditEntry>>('/api/audit', query, signal),
  verdict: () => call<T.AuditVerdict>('GET', '/api/audit/verdict', undefined, undefined, BATCH_PATIENCE_MS),

  flags: (query: Query, signal?: AbortSignal) => get<T.Page<T.Flag>>('/api/flags', query, signal),
  groups: (query: Query, signal?: AbortSignal) => get<T.Page<T.FlagGroup>>('/api/flag-groups', query, signal),
  group: (group: string, signal?: AbortSignal) =>
    call<T.FlagGroupDetail>('GET', `/api/flag-groups/${id(group)}`, undefined, signal, BATCH_PATIENCE_MS),
  mend: (group: string, body: T.NewMend) =>
    call<T.Mend>('POST', `/api/flag-groups/${id(group)}/mend`, body, undefined, BATCH_PATIENCE_MS),
  mends: (query: Query, signal?: AbortSignal) => get<T.Page<T.Mend>>('/api/mends', query, signal),
  undoMend: (mend: string) => call<T.Undone>('POST', `/api/mends/${id(mend)}/undo`, {}, undefined, BATCH_PATIENCE_MS),
  rules: () => get<T.Page<T.Rule>>('/api/rules'),
  address: (address: string, signal?: AbortSignal) => get<T.Address>(`/api/addresses/${id(address)}`, {}, signal),
  explain: (address: string, signal?: AbortSignal) =>
    get<T.Explanation>(`/api/addresses/${id(address)}/explain`, {}, signal),
  search: (query: Query, signal?: AbortSignal) => get<T.Page<T.AddressHit>>('/api/addresses', query, signal),
  correct: (body: {
    correction_id: string;
    address_id: string;
    base_version: number;
    change: T.Change;
    observed?: { lon: number; lat: number; accuracy_m: number | null; at: string } | null;
    note: string;
  }) => call<T.Correction>('POST', '/api/corrections', body),
  dismiss: (address: string, body: { flag_id: string; reason: string; until: string }) =>
    call<void>('POST', `/api/addresses/${id(address)}/dismissals`, body),
  restore: (address: string, flag: string) =>
    call<void>('DELETE', `/api/addresses/${id(address)}/dismissals/${id(flag)}`),

  corrections: (query: Query, signal?: AbortSignal) => get<T.Page<T.Correction>>('/api/corrections', query, signal),
  review: (correction: string, verdict: 'verified' | 'rejected', reason: string) =>
    call<T.Correction>('POST', `/api/corrections/${id(correction)}/review`, { verdict, reason }),

  rentals: (query: Query, signal?: AbortSignal) => get<T.Page<T.Rental>>('/api/rentals', query, signal),
  rental: (rental: string, purpose: T.Purpose, signal?: AbortSignal) =>
    get<T.RentalDetail>(`/api/rentals/${id(rental)}`, { purpose }, signal),
  heat: (query: Query, signal?: AbortSignal) => get<T.HeatSummary>('/api/heat-summary', query, signal),
  hazards: (query: Query, signal?: AbortSignal) => get<T.Page<T.Hazard>>('/api/hazards', query, signal),
  transition: (hazard: string, to: string, base_version: number, note: string) =>
    call<T.Hazard>('POST', `/api/hazards/${id(hazard)}/transitions`, { to, base_version, note }),

  grids: (query: Query, signal?: AbortSignal) => get<T.Page<T.Grid>>('/api/grids', query, signal),
  inspect: (body: T.NewInspection) => call<T.Inspection>('POST', '/api/inspections', body),
  report: (body: T.NewHazard) => call<T.Hazard>('POST', '/api/hazards', body),
  visit: (body: T.NewVisit) => call<T.Visit>('POST', '/api/visits', body),

  metrics: () => get<string>('/metrics'),
  readiness: () => get<T.Readiness>('/readyz'),
  indicators: (query: Query, signal?: AbortSignal) => get<T.Indicators>('/api/indicators', query, signal),
};
